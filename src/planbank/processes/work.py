"""The process `work`: registers what lies in the transit area and does what is due, on one core.

Comes in: parcels and jobs. Goes out: archive, database, answers to storage commitment requests, mails.
Any number run beside each other; one of them holds register's lock, one that of commit, one that of
notify; the others stand by.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from typing import Any, NoReturn

import structlog

from planbank import boot
from planbank.config import Settings
from planbank.house import House
from planbank.processes.bell import Bell
from planbank.processes.garbage import spare_what_is_loaded

log = structlog.get_logger(__name__)
GRACE = 6.0  # seconds a job may go on after SIGTERM; everything ends within 10


def run(settings: Settings) -> int:
    """Work until SIGTERM or SIGINT."""
    bell = Bell(signal.SIGTERM, signal.SIGINT)  # told before the loop stands, it ends as well
    house = boot.build(settings, "work")
    stop = threading.Event()
    register = threading.Thread(target=_register, args=(house, stop), name="register", daemon=True)
    register.start()
    threading.Thread(target=_commit, args=(house, stop), name="commit", daemon=True).start()
    threading.Thread(target=_notify, args=(house, stop), name="notify", daemon=True).start()
    threading.Thread(target=_forward, args=(house, stop), name="forward", daemon=True).start()
    threading.Thread(target=_warm, name="warm", daemon=True).start()
    asyncio.run(_work(house, stop, register, bell))
    return 0


def _register(house: House, stop: threading.Event) -> None:
    """A work process that cannot register is of no use; `up` starts a fresh one."""
    from planbank.services.erase import Eraser
    from planbank.services.register import register_forever

    try:
        register_forever(house, stop, Eraser())
    except Exception:
        log.exception("register ended")
        _end(1)


def _commit(house: House, stop: threading.Event) -> None:
    """As `_register`, for storage commitment."""
    from planbank.services.commit import commit_forever

    try:
        commit_forever(house, stop)
    except Exception:
        log.exception("commit ended")
        _end(1)


def _notify(house: House, stop: threading.Event) -> None:
    """As `_register`, for notices and messages."""
    from planbank.services.notify import notify_forever

    try:
        notify_forever(house, stop)
    except Exception:
        log.exception("notify ended")
        _end(1)


def _forward(house: House, stop: threading.Event) -> None:
    """As `_register`, for forwarding."""
    from planbank.services.forward import forward_forever

    try:
        forward_forever(house, stop)
    except Exception:
        log.exception("forward ended")
        _end(1)


def _warm() -> None:
    """Compile the dose engine before the first plan comes; other processes find it in the cache."""
    from planbank.dose.warm import warm

    warm()
    spare_what_is_loaded()


async def _work(house: House, stop: threading.Event, register: threading.Thread, bell: Bell) -> None:
    """Run jobs until a signal comes, whatever becomes of the database; then end the process."""
    loop, told, broken = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    if bell.rung:
        told.set()

    def lost(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # A job whose end could not be written stays with its worker for as long as that lives.
        log.error("a worker is replaced", kind=type(context.get("exception")).__name__)
        broken.set()

    loop.set_exception_handler(lost)
    while not told.is_set():
        broken.clear()
        jobs = asyncio.create_task(_jobs(house))
        signs = [asyncio.create_task(event.wait()) for event in (told, broken)]
        await asyncio.wait([jobs, *signs], return_when=asyncio.FIRST_COMPLETED)
        for task in (jobs, *signs):
            task.cancel()
        await asyncio.wait([jobs], timeout=GRACE)
    stop.set()
    await asyncio.to_thread(register.join, 1.0)
    _end(0)


async def _jobs(house: House) -> None:
    """One worker, until it is cancelled or the database goes away."""
    from procrastinate.contrib.django import app

    from planbank.pipeline.sweep import HEARTBEAT, STALLED

    try:
        worker = app.with_connector(app.connector.get_worker_connector())
        async with worker.open_async():
            await worker.run_worker_async(
                name="work",
                concurrency=1,
                fetch_job_polling_interval=1.0,
                delete_jobs="successful",
                additional_context={"house": house},
                install_signal_handlers=False,
                shutdown_graceful_timeout=GRACE - 1,
                update_heartbeat_interval=HEARTBEAT,
                stalled_worker_timeout=STALLED,
            )
    except Exception as exc:
        log.warning("database away, jobs wait", kind=type(exc).__name__)
    await asyncio.sleep(1)


def _end(code: int) -> NoReturn:
    """Now: a numeric job in a thread cannot be interrupted; another process runs it again."""
    sys.stderr.flush()
    os._exit(code)
