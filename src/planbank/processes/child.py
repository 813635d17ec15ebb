"""One process under `up`: started, kept, ended.

Comes in: the name of a command. Goes out: a running `planbank NAME`, started again when it ends
by itself, more slowly each time it ends young.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from planbank.config import Settings, environment

log = structlog.get_logger(__name__)
_BORN = Path(__file__).with_name("born.py")
_YOUNG, _FIRST_WAIT, _LONGEST_WAIT = 10.0, 0.1, 5.0


@dataclass
class Child:
    """A child of this process. `start` and `keep` belong to the main thread."""

    name: str
    settings: Settings
    process: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _not_before: float = 0.0
    _short_lives: int = field(default=0)

    def start(self) -> None:
        """Raises OSError where the machine has no process to give."""
        if threading.current_thread() is not threading.main_thread():
            # The kernel ends a child when the thread that started it ends (prctl(2)).
            raise RuntimeError("children are started by the main thread")
        self._started = time.monotonic()
        command = [sys.executable, "-m", "planbank", self.name]
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_BORN), str(os.getpid()), *command],
            env=environment(self.settings),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def keep(self) -> None:
        """Start again if it ended; what cannot be started yet is tried again later."""
        if self.process is not None and self.process.poll() is not None:
            code, self.process = self.process.returncode, None
            self._put_off("a process ended", code=code)
        if self.process is None and time.monotonic() >= self._not_before:
            try:
                self.start()
            except OSError as exc:  # no memory, no process to be had: both pass
                self._put_off("a process cannot be started", reason=exc.strerror)

    def _put_off(self, event: str, **fields: object) -> None:
        now = time.monotonic()
        self._short_lives = self._short_lives + 1 if now - self._started < _YOUNG else 0
        wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2**self._short_lives)
        self._not_before = now + wait
        log.warning(event, child=self.name, again_in=wait, **fields)


def end(children: Sequence[Child], order: Sequence[str], within: float) -> None:
    """SIGTERM in the order of names, then SIGKILL for what has not ended `within` seconds."""
    deadline = time.monotonic() + within
    alive = [child.process for child in children if child.process and child.process.poll() is None]
    for name in order:
        for child in children:
            if child.name == name and child.process in alive:
                child.process.terminate()
    for process in alive:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
