"""Where a grant stands, in one word and a day.

Comes in: a grant, a time. Goes out: a `State`. It says what the row says; whether a protocol is closed or an
account is off is told beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from planbank.access.models import Grant

Kind = Literal["active", "lapses soon", "lapsed", "not yet", "awaits a second person", "revoked"]
KINDS: tuple[Kind, ...] = (
    "active",
    "lapses soon",
    "awaits a second person",
    "not yet",
    "lapsed",
    "revoked",
)
SOON = timedelta(days=30)


@dataclass(frozen=True)
class State:
    """One of `KINDS`, the day it turns on, and whole days from now to it (0: today)."""

    kind: Kind
    at: datetime
    days: int = 0

    @property
    def holds(self) -> bool:
        """Whether the grant is in force."""
        return self.kind in ("active", "lapses soon")


def state_of(grant: Grant, at: datetime) -> State:
    """Where a grant stands now."""
    if grant.revoked_at is not None and grant.revoked_at <= at:
        return State("revoked", grant.revoked_at)
    if grant.until <= at:
        return State("lapsed", grant.until)
    left = (grant.until - at).days
    if grant.confirmed_at is None or grant.confirmed_at > at:
        return State("awaits a second person", grant.granted_at, left)
    if grant.since > at:
        return State("not yet", grant.since, (grant.since - at).days)
    return State("lapses soon" if grant.until - at <= SOON else "active", grant.until, left)
