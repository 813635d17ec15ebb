"""How the work stands, for `status`, `wait`, /healthz and the services page."""

from __future__ import annotations

from functools import reduce
from operator import or_

from django.db.models import Count, F, Q
from procrastinate.contrib.django.models import ProcrastinateJob

from planbank.pipeline.models import Outcome, Pause, State
from planbank.pipeline.registry import SERVICES


def open_work() -> dict[str, int]:
    """Jobs to do or doing, jobs that failed, outcomes due and failed.

    What a paused service has due is not counted: nobody shall wait for it. A failed outcome counts only
    for the newest version of its service.
    """
    jobs = ProcrastinateJob.objects.aggregate(
        todo=Count("id", filter=Q(status__in=["todo", "doing"])),
        failed=Count("id", filter=Q(status="failed")),
    )
    outcomes = Outcome.objects.exclude(state=State.DONE).aggregate(
        due=Count("id", filter=Q(state=State.DUE) & ~Q(service__in=Pause.objects.values("service"))),
        failed=Count("id", filter=Q(state=State.FAILED) & _newest()),
    )
    return {
        "jobs_todo": jobs["todo"],
        "jobs_failed": jobs["failed"],
        "outcomes_due": outcomes["due"],
        "outcomes_failed": outcomes["failed"],
    }


def by_service() -> list[dict[str, int | str]]:
    """Per service: how many outcomes of its newest version are in each state."""
    rows = (
        Outcome.objects.filter(_newest())
        .values("service")
        .annotate(**{state.value: Count("id", filter=Q(state=state)) for state in State}, total=Count("id"))
    )
    return list(rows.order_by(F("service")))


def _newest() -> Q:
    """Outcomes of the version that each service has now; what an older one said is history."""
    return reduce(or_, (Q(service=spec.name, version=spec.version) for spec in SERVICES), Q(pk=None))
