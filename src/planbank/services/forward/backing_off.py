"""When to try again, and when to alarm (R91).

Comes in: a destination that was not reached. Goes out: the time of the next try; after some failures an
event for each institution whose data wait; after days the deliveries are given up.
"""

from __future__ import annotations

import random
from datetime import timedelta

from django.db import transaction
from django.db.models import Count

from planbank.delivery.models import Delivery, Destination, Forward
from planbank.house import House
from planbank.messages.models import Event, EventKind
from planbank.services.forward.ends import settle

FIRST, MOST = timedelta(seconds=5), timedelta(minutes=10)
JITTER = 0.25  # of the pause, so that many banks do not call at once when a node is back


def pause(failures: int) -> timedelta:
    """5 s, doubled with each failure up to 10 min, a quarter more or less."""
    plain = min(FIRST * 2 ** min(max(failures, 1) - 1, 20), MOST)
    return plain * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, no secret


@transaction.atomic
def after(house: House, destination: Destination, code: str) -> None:
    """Note a failure of the way there; alarm once, and give up in the end."""
    now, settings = house.clock.now(), house.settings
    row = Destination.objects.select_for_update(of=("self",)).get(pk=destination.pk)
    row.failures += 1
    row.failing_since = row.failing_since or now
    row.problem, row.retry_at = code, now + pause(row.failures)
    row.save(update_fields=["failures", "failing_since", "problem", "retry_at"])
    if row.failures == settings.forward_alarm_after:
        alarm(house, row)
    if now - row.failing_since >= timedelta(hours=settings.forward_give_up_hours):
        _give_up(house, row)


def alarm(house: House, row: Destination) -> None:
    """One event for each institution and protocol whose data wait."""
    waiting = Forward.objects.filter(destination=row, deliveries__state=Delivery.State.WAITING).order_by()
    counts = waiting.values_list("institution", "protocol", "protocol__short_name").annotate(
        Count("deliveries", distinct=True)
    )
    for institution, protocol, name, number in sorted(counts):
        Event.objects.create(
            at=house.clock.now(),
            kind=EventKind.FORWARD_FAILED,
            institution_id=institution,
            scope_kind="protocol",
            scope_id=protocol,
            params={
                "destination": row.name,
                "protocol": name,
                "reason": row.problem,
                "waiting": number,
                "tries": row.failures,
            },
        )


def _give_up(house: House, row: Destination) -> None:
    now = house.clock.now()
    waiting = Delivery.objects.filter(destination=row, state=Delivery.State.WAITING)
    ids = list(waiting.values_list("pk", flat=True))
    waiting.filter(pk__in=ids).update(state=Delivery.State.FAILED, reason=row.problem, ended_at=now)
    Destination.objects.filter(pk=row.pk).update(failing_since=None, failures=0)
    touched = Forward.objects.filter(deliveries__in=ids).order_by("pk").values_list("pk", flat=True)
    for pk in sorted(set(touched)):
        settle(pk, now)
