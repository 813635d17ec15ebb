"""Doing what is due.

Comes in: a service and a lane. Goes out: outcomes. The result of a piece of work and its outcome
are committed together, so a killed process leaves the work due and nothing half done.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F

from planbank.house import House
from planbank.pipeline.models import Outcome, State
from planbank.pipeline.registry import SERVICES, Done, Failed, Later, Result, Waiting

log = structlog.get_logger(__name__)
# After this many tries that ended with the process dying, a subject is set aside, so that one
# poisonous object cannot stop a lane for ever.
MAX_DEATHS = 3
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
            if careful and not _may_begin(house, outcome):
                continue
            _run(house, outcome)
            ran += 1


def _may_begin(house: House, outcome: Outcome) -> bool:
    if outcome.attempts >= MAX_DEATHS:
        reason = f"The work process ended {outcome.attempts} times while doing this."
        _finish(house, outcome, Failed(reason))
        return False
    Outcome.objects.filter(pk=outcome.pk).update(attempts=F("attempts") + 1)
    return True


def _run(house: House, outcome: Outcome) -> None:
    spec = SERVICES[outcome.service]
    started = house.clock.now()
    try:
        with transaction.atomic():
            result: Result
            if spec.version != outcome.version:
                result = Done("superseded by a newer version of the service")
            else:
                result = spec.run(house, outcome.subject_id)
            _finish(house, outcome, result, started)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the work stays due, the job is tried again
    except Exception as exc:
        # The text of an exception may quote the data; only its kind is shown and logged.
        log.exception("service failed", service=outcome.service, subject=outcome.subject_id)
        _finish(house, outcome, Failed(f"Unexpected fault ({type(exc).__name__}); see the log."), started)


def _finish(house: House, outcome: Outcome, result: Result, started: object = None) -> None:
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
    late = Outcome.objects.filter(state=State.DUE, due_at__lte=now - after)
    return list(late.values_list("service", "lane").distinct()[:2000])
