"""The process `work`: registers what lies in the transit area and does what is due, on one core.

Comes in: parcels and jobs. Goes out: archive and database. Any number run beside each other; one
of them holds register's lock, the others stand by.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading

import structlog

from planbank import boot
from planbank.config import Settings
from planbank.house import House

log = structlog.get_logger(__name__)
GRACE = 6.0  # seconds a job may go on after SIGTERM; everything ends within 10


def run(settings: Settings) -> int:
    """Work until SIGTERM or SIGINT."""
    house = boot.build(settings, "work")
    from planbank.services.register import register_forever

    stop = threading.Event()

    def keep_registering() -> None:
        try:
            register_forever(house, stop)
        except Exception:
            # A work process that cannot register is of no use; `up` starts a fresh one.
            log.exception("register ended")
            os._exit(1)

    register = threading.Thread(target=keep_registering, name="register", daemon=True)
    register.start()
    threading.Thread(target=_warm, name="warm", daemon=True).start()
    try:
        asyncio.run(_jobs(house))
    finally:
        stop.set()
        register.join(3)
    sys.stderr.flush()
    os._exit(0)  # a numeric job in a thread cannot be interrupted; it is run again by another


def _warm() -> None:
    """Compile the dose engine before the first plan comes; other processes find it in the cache."""
    from planbank.dose.warm import warm

    warm()


async def _jobs(house: House) -> None:
    """Run jobs; when the database goes away, try again until told to stop."""
    from procrastinate.contrib.django import app
    from procrastinate.exceptions import ConnectorException

    from planbank.pipeline.sweep import HEARTBEAT, STALLED

    while True:
        try:
            worker = app.with_connector(app.connector.get_worker_connector())
            async with worker.open_async():
                await worker.run_worker_async(
                    name="work",
                    concurrency=1,
                    fetch_job_polling_interval=1.0,
                    delete_jobs="successful",
                    additional_context={"house": house},
                    shutdown_graceful_timeout=GRACE,
                    update_heartbeat_interval=HEARTBEAT,
                    stalled_worker_timeout=STALLED,
                )
            return
        except (ConnectorException, OSError) as exc:
            log.warning("database away, jobs wait", kind=type(exc).__name__)
            await asyncio.sleep(1)
