"""`planbank up`: the embedded database and all processes, started, kept and ended together.

Comes in: settings. Goes out: children. A child that dies is started again; SIGTERM ends all of
them within 10 seconds; when this process is killed, the kernel ends the children.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

import structlog

from planbank import boot
from planbank.config import Settings, environment
from planbank.embedded import EmbeddedPostgres
from planbank.errors import DatabaseUnavailable
from planbank.processes.home import prepare

log = structlog.get_logger(__name__)
_PR_SET_PDEATHSIG = 1
# Ended in this order: nothing new comes in, then what is in hand is finished.
PROCESSES = ("gate", "web", "clock", "work")
END_WITHIN = 8.0


def up(settings: Settings, *, demo: bool, seed: Callable[[Settings], None] | None = None) -> int:
    """Run a bank until SIGTERM, SIGINT or, where nothing can run, a clear error."""
    lock = prepare(settings, demo=demo)
    boot.start_django(settings, "up")
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    database = None if settings.database_url else EmbeddedPostgres(settings.home)
    children: list[Child] = []
    try:
        if database:
            database.start()
        migrate()
        children = [Child(name, settings) for name in _names(settings)]
        for child in children:
            child.start()
        if seed:
            threading.Thread(target=_seed, args=(seed, settings, stop), daemon=True).start()
        while not stop.wait(0.2):
            for child in children:
                child.keep()
            if database:
                _keep(database)
    finally:
        _end(children)
        if database:
            database.stop()
        lock.close()
    return 0


def _keep(database: EmbeddedPostgres) -> None:
    """Start the database again if it ended; what cannot be started yet is tried again."""
    if database.process is None or database.process.poll() is None:
        return
    log.error("the embedded database ended and is started again")
    try:
        database.start()
    except DatabaseUnavailable as exc:
        log.error("the embedded database does not start", reason=str(exc))


def _names(settings: Settings) -> list[str]:
    workers = settings.workers or os.cpu_count() or 1
    return ["gate", "web", "clock", *(["work"] * workers)]


def migrate() -> None:
    """Bring the tables up to date. Raises DatabaseUnavailable."""
    from django.core.management import call_command
    from django.db import OperationalError, connection

    try:
        call_command("migrate", interactive=False, verbosity=0)
    except OperationalError as exc:
        raise DatabaseUnavailable(str(exc).splitlines()[0]) from exc
    finally:
        connection.close()


def _seed(seed: Callable[[Settings], None], settings: Settings, stop: threading.Event) -> None:
    try:
        seed(settings)
    except Exception as exc:
        log.exception("the demonstration could not be seeded")
        sys.stdout.write(f"The demonstration could not be seeded ({type(exc).__name__}); see the log.\n")
        stop.set()


@dataclass
class Child:
    """One process; started again when it ends by itself, more slowly each time it ends young."""

    name: str
    settings: Settings
    process: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _not_before: float = 0.0
    _short_lives: int = field(default=0)

    def start(self) -> None:
        libc = ctypes.CDLL(None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "planbank", self.name],
            env=environment(self.settings),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0),
        )
        self._started = time.monotonic()

    def keep(self) -> None:
        """Start again if it ended."""
        if self.process is not None and self.process.poll() is not None:
            lived = time.monotonic() - self._started
            self._short_lives = self._short_lives + 1 if lived < 10 else 0
            wait = min(5.0, 0.1 * 2**self._short_lives)
            log.warning("a process ended", child=self.name, code=self.process.returncode, again_in=wait)
            self._not_before, self.process = time.monotonic() + wait, None
        if self.process is None and time.monotonic() >= self._not_before:
            self.start()


def _end(children: list[Child]) -> None:
    """SIGTERM in order, then SIGKILL for what does not end in time."""
    deadline = time.monotonic() + END_WITHIN
    for name in PROCESSES:
        for child in children:
            if child.name == name and child.process and child.process.poll() is None:
                child.process.terminate()
    for child in children:
        if child.process is None:
            continue
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
