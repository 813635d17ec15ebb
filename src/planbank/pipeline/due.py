"""Making work due.

Comes in: subjects that changed. Goes out: outcomes in state `due` and one job per lane, both in
the caller's transaction: work is due exactly when its cause is committed (model.md, Work).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import OperationalError, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

from planbank.pipeline.models import Outcome, State
from planbank.pipeline.registry import SERVICES, Subject

DRAIN = "planbank:drain"
# New arrivals go before recomputations: Procrastinate takes the highest priority first.
ARRIVAL, BACKGROUND = 10, 0


def make_due(
    service: str, subjects: Iterable[Subject], at: datetime, *, priority: int = ARRIVAL, defer: bool = True
) -> int:
    """Make `service` due for each (id, lane); returns how many. Call inside the causing transaction."""
    spec = SERVICES[service]
    rows = [
        Outcome(
            service=service,
            subject_kind=spec.subject,
            subject_id=subject_id,
            version=spec.version,
            lane=lane,
            state=State.DUE,
            due_at=at,
        )
        for subject_id, lane in dict(subjects).items()
    ]
    with transaction.atomic():
        Outcome.objects.bulk_create(
            rows,
            batch_size=1000,
            update_conflicts=True,
            unique_fields=["service", "subject_kind", "subject_id", "version"],
            update_fields=["state", "due_at", "lane", "attempts", "reason"],
        )
        if defer:
            for lane in sorted({row.lane for row in rows}):
                defer_lane(service, lane, priority)
    return len(rows)


def defer_lane(service: str, lane: str, priority: int = ARRIVAL) -> None:
    """Queue one job that drains a lane, unless one is queued already.

    Where one is queued, its row is locked until this transaction ends: a worker skips locked
    rows, so the job cannot start and miss what is about to be committed. Raises OperationalError,
    as Django does, where the database goes away.
    """
    key = f"{service}:{lane}"
    for _attempt in range(5):
        try:
            with transaction.atomic():
                app.configure_task(DRAIN, lock=lane, queueing_lock=key, priority=priority).defer(
                    service=service, lane=lane
                )
            return
        except AlreadyEnqueued:
            queued = ProcrastinateJob.objects.select_for_update().filter(queueing_lock=key, status="todo")
            if list(queued.values_list("id", flat=True)):
                return
            # It was taken between the two statements; it may have read before our commit: queue anew.
        except ConnectorException as exc:
            raise OperationalError(str(exc.__cause__)) from exc
    # A worker takes jobs as fast as they are queued; the sweep brings what is left.
