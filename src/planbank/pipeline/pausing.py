"""Pausing a service, and going on (R4).

Comes in: a service, who asks and when. Goes out: a row that `drain` and the sweep heed: what becomes due
stays due and nothing is lost; work that has begun ends. Going on queues the oldest lanes at once, the
sweep the rest.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from planbank.journal.record import Actor, record
from planbank.pipeline.due import BACKGROUND, defer_lanes
from planbank.pipeline.models import Outcome, Pause, State
from planbank.pipeline.registry import SERVICES

AT_ONCE = 1000


def paused() -> set[str]:
    """The services that are paused."""
    return set(Pause.objects.values_list("service", flat=True))


@transaction.atomic
def pause(service: str, by: str, at: datetime) -> bool:
    """Pause a service; False where it was paused already."""
    made = Pause.objects.get_or_create(service=SERVICES[service].name, defaults={"by": by, "at": at})[1]
    if made:
        record(Actor("user", by), "pause service", at, object_kind="service", object_id=service)
    return made


@transaction.atomic
def go_on(service: str, by: str, at: datetime) -> bool:
    """Let it work again; False where it was not paused."""
    if not Pause.objects.filter(service=service).delete()[0]:
        return False
    due = Outcome.objects.filter(service=service, state=State.DUE).order_by("due_at")
    defer_lanes(service, sorted(set(due.values_list("lane", flat=True)[:AT_ONCE])), BACKGROUND)
    record(Actor("user", by), "service goes on", at, object_kind="service", object_id=service)
    return True
