"""Signals as something to wait for.

Comes in: signal numbers, and a ring from any thread. Goes out: `wait`, which ends early when one
came. A handler that set a `threading.Event` could find its lock held by the very thread it
interrupted, inside `wait`, and stop there for ever; a byte in a socket needs no lock.
"""

from __future__ import annotations

import contextlib
import select
import signal
import socket
from types import FrameType


class Bell:
    """Rung by a signal, or by `ring`; stays rung. Make it in the main thread, once in a process."""

    def __init__(self, *ends: signal.Signals, wakes: tuple[signal.Signals, ...] = ()) -> None:
        """`ends`: signals that ring. `wakes`: signals that only end the present `wait`."""
        self.rung = False
        self._read, self._write = socket.socketpair()
        for sock in (self._read, self._write):
            sock.setblocking(False)
        for number in ends:
            signal.signal(number, self._told)
        for number in wakes:
            signal.signal(number, self._woken)

    def ring(self) -> None:
        """For signal handlers and for any thread."""
        self.rung = True
        self._woken()

    def wait(self, seconds: float) -> bool:
        """Wait at most so long; whether it was rung."""
        if not self.rung:
            select.select([self._read], [], [], seconds)
            with contextlib.suppress(BlockingIOError):
                self._read.recv(4096)
        return self.rung

    def close(self) -> None:
        """No signal may come after this: its handlers stay."""
        self._read.close()
        self._write.close()

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        self.ring()

    def _woken(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        with contextlib.suppress(OSError):  # full: a wait is about to end anyway
            self._write.send(b"\0")
