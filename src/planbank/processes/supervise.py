"""`planbank up`: the embedded database and all processes, started, kept and ended together.

Comes in: settings. Goes out: children. A child that dies is started again; SIGTERM ends all of
them within 10 seconds; when this process is killed, the kernel ends the children.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import structlog

from planbank import boot
from planbank.config import Settings
from planbank.embedded import EmbeddedPostgres
from planbank.errors import DatabaseUnavailable, PlanbankError
from planbank.processes.bell import Bell
from planbank.processes.child import Child, end
from planbank.processes.gate import gate_config
from planbank.processes.home import prepare

log = structlog.get_logger(__name__)
# Ended in this order: nothing new comes in, then what is in hand is finished.
PROCESSES = ("gate", "web", "clock", "work")
END_WITHIN = 7.0
DATABASE_ENDS_WITHIN = 2.0  # after its clients; together less than 10 s


def up(settings: Settings, *, demo: bool, seed: Callable[[Settings], None] | None = None) -> int:
    """Run a bank until SIGTERM, SIGINT or, where nothing can run, a clear error."""
    lock = prepare(settings, demo=demo)
    boot.start_django(settings, "up")
    bell = Bell(signal.SIGTERM, signal.SIGINT, wakes=(signal.SIGCHLD,))
    database = None if settings.database_url else EmbeddedPostgres(settings.home)
    children: list[Child] = []

    def meanwhile() -> bool:
        """The gate is kept while the database recovers; waiting ends when all must end."""
        for child in children:
            child.keep()
        return bell.rung

    try:
        gate_config(settings)  # what is wrong with it is said before anything runs
        if database:
            database.start(meanwhile)
        migrate(lambda: bell.rung)
        children += [Child(name, settings) for name in _names(settings)]
        if seed:
            threading.Thread(target=_seed, args=(seed, settings, bell), daemon=True).start()
        while not meanwhile():
            if database:
                _keep(database, meanwhile)
            bell.wait(0.2)
    except DatabaseUnavailable:
        if not bell.rung:
            raise
    finally:
        end(children, PROCESSES, END_WITHIN)
        if database:
            database.stop(DATABASE_ENDS_WITHIN)
        lock.close()
    return 0


def _keep(database: EmbeddedPostgres, meanwhile: Callable[[], bool]) -> None:
    """Start the database again if it ended; what cannot be started yet is tried again."""
    if database.process is None or database.process.poll() is None:
        return
    log.error("the embedded database ended and is started again")
    try:
        database.start(meanwhile)
    except (PlanbankError, OSError) as exc:
        log.error("the embedded database does not start", reason=str(exc))
        time.sleep(0.5)


def _names(settings: Settings) -> list[str]:
    workers = settings.workers or os.cpu_count() or 1
    return ["gate", "web", "clock", *(["work"] * workers)]


def migrate(told_to_end: Callable[[], bool] = lambda: False) -> None:
    """Bring the tables up to date, each migration whole or not at all.

    Raises DatabaseUnavailable, also between two migrations where it is told to end: the next start goes on.
    """
    from django.core.management import call_command
    from django.core.management.commands.migrate import Command
    from django.db import OperationalError, connection

    class Interruptible(Command):
        def migration_progress_callback(self, action: str, *_about: object, **_more: object) -> None:
            if told_to_end():
                raise DatabaseUnavailable("The tables are not up to date yet: it was told to end.")

    try:
        call_command(Interruptible(), interactive=False, verbosity=0)
    except OperationalError as exc:
        raise DatabaseUnavailable(str(exc).splitlines()[0]) from exc
    finally:
        connection.close()


def _seed(seed: Callable[[Settings], None], settings: Settings, bell: Bell) -> None:
    try:
        seed(settings)
    except Exception as exc:
        log.exception("the demonstration could not be seeded")
        sys.stdout.write(f"The demonstration could not be seeded ({type(exc).__name__}); see the log.\n")
        bell.ring()
