"""Tells, once each, that the last key user of a protocol lapses soon or is gone (R199).

Comes in: the time, from the clock process. Goes out: events; notices are sent from them.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from planbank.access.queries.reminders import orphans
from planbank.messages.models import Event, EventKind

_LOCK = 0x6B657975


def tell_orphans(at: datetime) -> int:
    """Write an event for each protocol and step that was not told yet; returns how many."""
    found = orphans(at)
    if not found:
        return 0
    with transaction.atomic():
        # Several clocks may run: one looks and writes at a time.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        kind = EventKind.LAST_KEY_USER
        keys = [one.key for one in found]
        told = set(
            Event.objects.filter(kind=kind, params__key__in=keys).values_list("params__key", flat=True)
        )
        new = [one for one in found if one.key not in told]
        for one in new:
            params = {
                "key": one.key,
                "protocol": one.protocol.short_name,
                "protocol_id": one.protocol.pk,
                "days": one.days,
                "until": one.until.isoformat() if one.until else "",
            }
            Event.objects.create(at=at, kind=kind, params=params)
    return len(new)
