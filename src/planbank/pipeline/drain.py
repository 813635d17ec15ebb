"""Doing what is due.

Comes in: a service and a lane. Goes out: outcomes. The result of a piece of work and its outcome
are committed together, so a killed process leaves the work due and nothing half done.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F

from planbank.house import House
from planbank.pipeline.models import Outcome, Pause, State
from planbank.pipeline.registry import SERVICES, Done, Failed, Later, Result, Waiting

log = structlog.get_logger(__name__)
# After this many tries that ended with the process dying, a subject is put off, longer each time,
# so that a poisonous object cannot stop a lane; in the end it is given up.
MAX_DEATHS, GIVE_UP = 3, 8
PAUSE = timedelta(seconds=20)
# How often work is run when what it stood on was changed by another lane while it ran.
TURNS = 3
# How many outcomes of a service one sweep looks at, and how many lanes it queues.
OLDEST, MOST_LANES = 20_000, 1000
_STATE = {Done: State.DONE, Waiting: State.WAITING, Failed: State.FAILED, Later: State.LATER}


def drain(house: House, service: str, lane: str, *, careful: bool = False) -> int:
    """Run everything due in a lane; returns how many subjects were run.

    `careful` (a job taken back from a dead worker) counts each try before it begins.
    """
    ran = 0
    while True:
        due = list(Outcome.objects.filter(service=service, lane=lane, state=State.DUE).order_by("id")[:50])
        if not due:
            return ran
        for outcome in due:
            if Pause.objects.filter(service=service).exists():
                return ran
            if (careful or outcome.attempts) and not _may_begin(house, outcome):
                continue
            _run(house, outcome)
            ran += 1


def _may_begin(house: House, outcome: Outcome) -> bool:
    deaths = outcome.attempts
    words = f"The work process ended {deaths} times while doing this."
    if deaths >= GIVE_UP:
        _finish(house, outcome, Failed(words))
        return False
    if deaths >= MAX_DEATHS and outcome.reason != words:  # not yet put off for this death
        _finish(house, outcome, Later(house.clock.now() + PAUSE * 4 ** (deaths - MAX_DEATHS), words))
        return False
    Outcome.objects.filter(pk=outcome.pk).update(attempts=F("attempts") + 1)
    return True


def _run(house: House, outcome: Outcome) -> None:
    started = house.clock.now()
    for turn in range(1, TURNS + 1):
        try:
            _run_once(house, outcome, started)
            return
        except (OperationalError, InterfaceError):
            raise  # the database is away: the work stays due, the job is tried again
        except Exception as exc:
            if isinstance(exc, IntegrityError) and turn < TURNS:
                continue
            # The text of an exception may quote the data; only its kind is shown and logged.
            log.exception("service failed", service=outcome.service, subject=outcome.subject_id)
            fault = Failed(f"Unexpected fault ({type(exc).__name__}); see the log.")
            _finish(house, outcome, fault, started)
            return


@transaction.atomic
def _run_once(house: House, outcome: Outcome, started: datetime) -> None:
    spec = SERVICES[outcome.service]
    result: Result
    if spec.version != outcome.version:
        result = Done("superseded by a newer version of the service")
    else:
        result = spec.run(house, outcome.subject_id)
    _finish(house, outcome, result, started)


def _finish(house: House, outcome: Outcome, result: Result, started: datetime | None = None) -> None:
    """Write what came of it, unless it became due anew meanwhile: then it stays due."""
    now = house.clock.now()
    Outcome.objects.filter(pk=outcome.pk, state=State.DUE, due_at=outcome.due_at).update(
        state=_STATE[type(result)],
        reason=result.reason[:500],
        started_at=started or now,
        finished_at=now,
        due_at=result.until if isinstance(result, Later) else outcome.due_at,
    )


def overdue(house: House, after: timedelta) -> list[tuple[str, str]]:
    """(service, lane) of outcomes that have been due for longer than `after`, or whose 'later' is now."""
    now = house.clock.now()
    Outcome.objects.filter(state=State.LATER, due_at__lte=now).update(state=State.DUE, due_at=now - after)
    late = Outcome.objects.filter(state=State.DUE, due_at__lte=now - after).order_by("due_at")
    held = set(Pause.objects.values_list("service", flat=True))
    # The oldest of each service: after a rerun there are millions, and no look may cost that much.
    found = [
        (spec.name, late.filter(service=spec.name).values_list("lane", flat=True)[:OLDEST])
        for spec in SERVICES
        if spec.name not in held
    ]
    return [(name, lane) for name, lanes in found for lane in list(dict.fromkeys(lanes))[:MOST_LANES]]
