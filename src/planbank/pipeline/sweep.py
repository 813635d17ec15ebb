"""Nothing due is ever forgotten.

Comes in: the state of outcomes and jobs. Goes out: jobs for what has none, jobs of dead workers
given back, and all subjects of a service made due when its version is new.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from asgiref.sync import async_to_sync
from django.db import connection, transaction
from procrastinate.contrib.django import app

from planbank.house import House
from planbank.pipeline.drain import overdue
from planbank.pipeline.due import BACKGROUND, defer_lane, make_due
from planbank.pipeline.models import ServiceVersion
from planbank.pipeline.registry import SERVICES

log = structlog.get_logger(__name__)
HEARTBEAT, STALLED = 3.0, 15.0  # seconds: a restart heals within 60 s without a hand (invariant I8)


def sweep(house: House, after: timedelta = timedelta(seconds=20)) -> int:
    """Queue a job for each lane that has been due for longer than `after`; returns how many."""
    lanes = overdue(house, after)
    for service, lane in lanes:
        if service in SERVICES:
            with transaction.atomic():
                defer_lane(service, lane, BACKGROUND)
    return len(lanes)


def give_back_stalled() -> int:
    """Queue again the jobs whose worker died; returns how many."""
    return async_to_sync(_give_back_stalled)()


async def _give_back_stalled() -> int:
    manager = app.job_manager
    jobs = list(await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED))
    for job in jobs:
        log.warning("job of a dead worker given back", job=job.id)
        await manager.retry_job(job)
    return len(jobs)


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
            now = house.clock.now()
            make_due(spec.name, spec.subjects(), now, priority=BACKGROUND, defer=False)
            ServiceVersion.objects.update_or_create(service=spec.name, defaults={"version": spec.version})
            found.append(spec.name)
    return found
