"""A service made due for everything there is: at once where that is little, else by a job.

Comes in: a service and who asked. Goes out: outcomes in state `due`; for millions of subjects they
come portion by portion, with a count that pages show, and a killed worker's job is taken up again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from planbank.house import House
from planbank.journal.record import Actor, record
from planbank.pipeline.due import BACKGROUND, make_due
from planbank.pipeline.models import Rerun
from planbank.pipeline.registry import SERVICES, Subject

GO_ON = "planbank:everything"
PORTION = 20_000
# With more lanes than this no job is queued for each here: the sweep does so, portion by portion.
MOST_LANES = 200


@transaction.atomic
def make_all_due(service: str, by: Actor, at: datetime) -> int | None:
    """Make every subject due; returns how many, or None where a job does so in the background."""
    spec = SERVICES[service]
    if Rerun.objects.filter(service=service, version=spec.version, finished_at=None).exists():
        return None
    portion = list(islice(spec.subjects(), PORTION + 1))
    if len(portion) <= PORTION:
        few = len({lane for _subject, lane in portion}) <= MOST_LANES
        number = make_due(service, portion, at, priority=BACKGROUND, defer=few)
        _tell(service, by, at, number)
        return number
    Rerun.objects.filter(service=service, finished_at=None).update(finished_at=at)  # of an older version
    run = Rerun.objects.create(service=service, version=spec.version, asked_at=at, asked_by=by.name)
    record(by, "run again", at, object_kind="service", object_id=service, which="all", begun=True)
    _defer(run)
    return None


def _defer(run: Rerun) -> None:
    key = f"everything:{run.service}"
    try:
        with transaction.atomic():
            app.configure_task(GO_ON, lock=key, queueing_lock=key, priority=BACKGROUND).defer(run=run.pk)
    except AlreadyEnqueued:
        pass  # of an older version, not begun: it ends at once and `sweep_up` queues this one


def go_on(house: House, pk: int) -> int:
    """Do a rerun from its beginning to its end; returns how many subjects it went through.

    Begun anew after a crash it passes over what was made due before.
    """
    run = Rerun.objects.filter(pk=pk, finished_at=None).first()
    if run is None:
        return 0
    run.made = 0
    if run.service in SERVICES and (spec := SERVICES[run.service]).version == run.version:
        for portion in _portions(spec.subjects()):
            make_due(run.service, portion, run.asked_at, defer=False, unless_since=True)
            run.made += len(portion)
            run.save(update_fields=["made"])
        _tell(run.service, Actor("service", "rerun"), house.clock.now(), run.made)
    run.finished_at = house.clock.now()
    run.save(update_fields=["made", "finished_at"])
    return run.made


def sweep_up() -> int:
    """Queue the job of each rerun that is open; returns how many there are. Safe at any time."""
    runs = list(Rerun.objects.filter(finished_at=None))
    for run in runs:
        _defer(run)
    return len(runs)


def _portions(subjects: Iterable[Subject]) -> Iterator[list[Subject]]:
    waiting = iter(subjects)
    while portion := list(islice(waiting, PORTION)):
        yield portion


def _tell(service: str, by: Actor, at: datetime, number: int) -> None:
    if not number and by.kind != "user":
        return  # a new bank has nothing yet
    record(by, "run again", at, object_kind="service", object_id=service, which="all", subjects=number)
