"""What somebody wants to give, and for how long it may hold.

Comes in: a role or permission, a scope, levels, days. Goes out: `Asked`; the same read back from a grant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from planbank.access.models import Grant
from planbank.access.queries.zones import zone_of
from planbank.access.scopes import Scope
from planbank.people.models import Institution, User
from planbank.people.zones import end_in, last_day_in
from planbank.protocols.levels import See, TakeOut

PERIOD = timedelta(days=365)
# The last day counts whole, also the one that is 25 hours long.
MOST = PERIOD + timedelta(hours=25)


@dataclass(frozen=True)
class Asked:
    """What is to be given; `institutions` None: of all. `until` None: 12 months."""

    role: str
    scope: Scope
    permission: str = ""
    see: See = See.NONE
    take_out: TakeOut = TakeOut.NONE
    institutions: tuple[Institution, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    reason: str = ""


def asked_of(row: Grant) -> Asked:
    """What a grant gives, as if it were asked for now."""
    scope = Scope(row.scope_kind, row.scope_id)
    return Asked(row.role, scope, row.permission, See(row.see), TakeOut(row.take_out))


def full_period(user: User, since: datetime) -> datetime:
    """Twelve months on, to the end of that day where the person works."""
    zone = zone_of(user.pk, since)
    return min(end_in(last_day_in(since + PERIOD, zone), zone), since + MOST)
