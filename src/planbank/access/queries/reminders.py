"""Protocols that nobody runs, or soon nobody (R32, R199, R213).

Comes in: a time. Goes out: `Orphan`s, computed anew at each call and without side effects: pages show them,
notices are sent of them. `key` is the same for as long as the same thing is to be told, so that whoever
sends can tell it once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from planbank.access.models import Grant
from planbank.access.queries.holders import REMINDED, step_of, without_key_user
from planbank.protocols.models import Protocol


@dataclass(frozen=True)
class Orphan:
    """An active protocol that nobody runs (`days` 0), or nobody will run within 30, 7 or 1 days."""

    protocol: Protocol
    days: int
    until: datetime | None

    @property
    def key(self) -> str:
        """What is told once."""
        return f"protocol {self.protocol.pk} {f'{self.until:%Y%m%d}' if self.until else 'gone'} {self.days}"


def orphans(at: datetime) -> list[Orphan]:
    """Protocols without a key user, now or soon; the gravest first."""
    rows = {row.pk: row for row in without_key_user(at, timedelta(days=REMINDED[0]))}
    held = Grant.objects.in_force(at).filter(
        role="key-user", scope_kind="protocol", scope_id__in=rows, user__is_active=True
    )
    last = dict(held.order_by().values_list("scope_id").annotate(Max("until")))
    found = []
    for pk, row in rows.items():
        until = last.get(pk)
        days = step_of(until - at) if until else None
        found.append(Orphan(row, days or 0, until))
    return sorted(found, key=lambda one: (one.days, one.protocol.short_name))
