"""Nothing due is ever forgotten.

Comes in: the state of outcomes and jobs. Goes out: jobs for what has none, jobs of dead workers
given back, and all subjects of a service made due when its version is new.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog
from asgiref.sync import async_to_sync
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job

from planbank.house import House
from planbank.journal.record import Actor
from planbank.pipeline.drain import overdue
from planbank.pipeline.due import BACKGROUND, defer_lanes
from planbank.pipeline.everything import make_all_due, sweep_up
from planbank.pipeline.models import ServiceVersion
from planbank.pipeline.registry import SERVICES

log = structlog.get_logger(__name__)
HEARTBEAT, STALLED = 3.0, 15.0  # seconds: a restart heals within 60 s without a hand (invariant I8)


def sweep(house: House, after: timedelta = timedelta(seconds=20)) -> int:
    """Queue a job for each lane that has been due for longer than `after`; returns how many."""
    lanes = overdue(house, after)
    for service in SERVICES:
        defer_lanes(service.name, sorted(lane for name, lane in lanes if name == service.name), BACKGROUND)
    sweep_up()
    return len(lanes)


def give_back_stalled() -> int:
    """Queue again the jobs whose worker died; returns how many."""
    manager = app.job_manager
    jobs = list(async_to_sync(manager.get_stalled_jobs)(seconds_since_heartbeat=STALLED))
    for job in jobs:
        log.warning("job of a dead worker given back", job=job.id)
        _give_back(job)
    return len(jobs)


@transaction.atomic
def _give_back(job: Job) -> None:
    """Queue a job again in place of one that was queued for its lane meanwhile.

    Only one job a lane may be queued. The dead worker's is the one that stays: its count of
    attempts makes the next worker careful.
    """
    manager, priority = app.job_manager, job.priority
    if not ProcrastinateJob.objects.select_for_update().filter(id=job.id, status="doing").exists():
        return  # another clock was here first
    for _attempt in range(5):
        try:
            with transaction.atomic():
                manager.retry_job_by_id(job.id, retry_at=datetime.now(UTC), priority=priority)
            return
        except UniqueViolation:
            queued = ProcrastinateJob.objects.filter(queueing_lock=job.queueing_lock, status="todo")
            for other in queued.select_for_update():
                priority = max(priority, other.priority)
                manager.cancel_job_by_id(other.id, delete_job=True)


def notice_new_versions(house: House) -> list[str]:
    """Make every subject due for each service whose version this database has not seen."""
    found: list[str] = []
    for spec in SERVICES:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"version:{spec.name}"])
            known = ServiceVersion.objects.filter(service=spec.name).first()
            if known and known.version >= spec.version:
                continue
            make_all_due(spec.name, Actor("service", "clock"), house.clock.now())
            ServiceVersion.objects.update_or_create(service=spec.name, defaults={"version": spec.version})
            found.append(spec.name)
    return found
