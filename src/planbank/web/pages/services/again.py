"""Running services again, on one subject, on what failed, or on everything (R4).

Comes in: a service and subjects. Goes out: outcomes due in the background, and the journal's entry.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from django.db import transaction

from planbank.journal.record import Actor, record
from planbank.pipeline.due import BACKGROUND, make_due
from planbank.pipeline.everything import MOST_LANES, make_all_due
from planbank.pipeline.models import Outcome, State
from planbank.pipeline.registry import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from planbank.people.models import User
    from planbank.pipeline.registry import Subject

PORTION = 20_000


def one(outcome: Outcome, by: User, at: datetime) -> int:
    """Run a service again on one subject."""
    return _run(outcome.service, [(outcome.subject_id, outcome.lane)], "one", by, at)


def failed(service: str, by: User, at: datetime) -> int:
    """Run a service again on every subject it could not do; returns how many."""
    spec = SERVICES[service]
    rows = Outcome.objects.filter(state=State.FAILED, service=service, version=spec.version)
    return _run(service, list(rows.values_list("subject_id", "lane")), "failed", by, at)


def everything(service: str, by: User, at: datetime) -> int | None:
    """Run a service again on every subject there is; returns how many, None where a job makes them due."""
    return make_all_due(service, Actor("user", by.username), at)


def _run(service: str, subjects: Iterable[Subject], which: str, by: User, at: datetime) -> int:
    """Make everything due, portion by portion: none blocks the work for long, each is journalled."""
    waiting, number = iter(subjects), 0
    portion = list(islice(waiting, PORTION))
    while True:
        number += _make_due(service, portion, which, by, at)
        portion = list(islice(waiting, PORTION))
        if not portion:
            return number


@transaction.atomic
def _make_due(service: str, portion: list[Subject], which: str, by: User, at: datetime) -> int:
    few = len({lane for _subject, lane in portion}) <= MOST_LANES
    number = make_due(service, portion, at, priority=BACKGROUND, defer=few)
    what = {"object_kind": "service", "object_id": service}
    record(Actor("user", by.username), "run again", at, **what, which=which, subjects=number)
    return number
