"""The gate as several processes that share its listeners.

Comes in: a function that serves in one process. Goes out: that many children, each dead one
replaced; and one list of open associations, merged from theirs. The parent serves nobody, so
that nothing a peer does can end it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import selectors
import signal
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from planbank.gate import open_associations, server

if TYPE_CHECKING:
    from collections.abc import Callable

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_PAUSE_SECONDS = 1.0
_YOUNG_SECONDS = 10.0
_LONGEST_WAIT = 5.0
_END_SECONDS = 9.0

_log = logging.getLogger(__name__)


class Serves(Protocol):
    """What a child runs."""

    def serve(self) -> None: ...
    def stop(self) -> None: ...


class Upward:
    """The board of a child: what it publishes goes to the parent."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._lock = threading.Lock()

    def publish(self, name: str, content: dict[str, Any]) -> None:
        """Raises OSError when the parent is gone."""
        with self._lock:
            self._sock.sendall(json.dumps([name, content]).encode() + b"\n")

    def wait_for_the_end(self) -> None:
        """Returns when the parent is gone; it never says anything."""
        with contextlib.suppress(OSError):
            self._sock.recv(1)


@dataclass
class _Child:
    seat: int
    pid: int
    sock: socket.socket
    begun: float
    heard: bytes = b""
    open: list[dict[str, str]] = field(default_factory=list)


class Area(Protocol):
    """What the parent does in the transit area."""

    def publish(self, name: str, content: dict[str, Any]) -> None: ...
    def sweep(self) -> int: ...


class Family:
    """Starts, hears, replaces and ends children."""

    def __init__(
        self,
        processes: int,
        serve: Callable[[int, Upward], Serves],
        tray: Area,
        gone: Callable[[int], None] = lambda _seat: None,
    ) -> None:
        """`serve` is called in a child, with its seat (0 to `processes` - 1) and its board; `gone`
        in the parent with the seat of a child that ended.
        """
        self._processes = processes
        self._serve = serve
        self._tray = tray
        self._gone = gone
        self._children: dict[int, _Child] = {}
        self._due = dict.fromkeys(range(processes), 0.0)  # seat -> when to start
        self._short_lives = dict.fromkeys(range(processes), 0)
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_write.setblocking(False)
        self._publish_at: float | None = None
        self._ended = False

    def stop(self) -> None:
        """Make `run` come to its end. For signal handlers."""
        with contextlib.suppress(OSError):
            self._wake_write.send(b"\0")

    def run(self, close: Callable[[], None]) -> None:
        """Keep the children until `stop`; `close` the listeners then, and let them finish."""
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        gc.collect()
        gc.freeze()  # the children share these pages for as long as nothing writes to them
        while not self._ended:
            self._start_due()
            self._wait(self._seconds_to_wait())
        close()
        self._end_all()
        self._publish()

    # --- children

    def _start_due(self) -> None:
        now = time.monotonic()
        for seat, due in list(self._due.items()):
            if due <= now:
                del self._due[seat]
                self._start(seat)

    def _start(self, seat: int) -> None:
        ours, theirs = socket.socketpair()
        # Until the child has its own, a signal would call the parent's handler in it.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if pid == 0:
            ours.close()
            self._live(seat, theirs)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        theirs.close()
        self._children[seat] = _Child(seat, pid, ours, time.monotonic())
        self._selector.register(ours, selectors.EVENT_READ, self._children[seat])

    def _live(self, seat: int, sock: socket.socket) -> NoReturn:
        code = 1
        try:
            self._selector.close()
            for other in (self._wake_read, self._wake_write, *(c.sock for c in self._children.values())):
                other.close()
            board = Upward(sock)
            child = self._serve(seat, board)
            for number in _SIGNALS:
                signal.signal(number, lambda *_: child.stop())
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            threading.Thread(target=_stop_with_parent, args=(board, child), daemon=True).start()
            child.serve()
            code = 0
        except BaseException:
            _log.exception("A process of the gate failed.")
        finally:
            logging.shutdown()
            os._exit(code)  # the frames below belong to the parent

    def _bury(self, child: _Child) -> None:
        self._selector.unregister(child.sock)
        child.sock.close()
        del self._children[child.seat]
        _, status = os.waitpid(child.pid, 0)
        self._gone(child.seat)
        self._publish_soon()
        if status:
            self._sweep()
        if self._ended:
            return
        young = time.monotonic() - child.begun < _YOUNG_SECONDS
        lives = self._short_lives[child.seat] = self._short_lives[child.seat] + 1 if young else 0
        wait = min(0.05 * 2**lives, _LONGEST_WAIT)
        self._due[child.seat] = time.monotonic() + wait
        fields = {"pid": child.pid, "code": os.waitstatus_to_exitcode(status), "again_in": wait}
        _log.warning("a process of the gate ended", extra={"fields": fields})

    def _sweep(self) -> None:
        """Whoever did not end of itself may have left unfinished files."""
        try:
            self._tray.sweep()
        except OSError as exc:
            _log.error("Unfinished files could not be removed: %s", exc.strerror)

    def _end_all(self) -> None:
        deadline = time.monotonic() + _END_SECONDS
        for child in self._children.values():
            os.kill(child.pid, signal.SIGTERM)
        while self._children and (left := deadline - time.monotonic()) > 0:
            self._wait(left)
        for child in list(self._children.values()):
            os.kill(child.pid, signal.SIGKILL)
            self._bury(child)

    # --- what they say

    def _wait(self, seconds: float | None) -> None:
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                self._wake_read.recv(64)
                self._ended = True
            else:
                self._hear(key.data)
        if self._publish_at is not None and time.monotonic() >= self._publish_at:
            self._publish()

    def _seconds_to_wait(self) -> float | None:
        times = [*self._due.values(), *([] if self._publish_at is None else [self._publish_at])]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _hear(self, child: _Child) -> None:
        try:
            data = child.sock.recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            self._bury(child)
            return
        *lines, child.heard = (child.heard + data).split(b"\n")
        for line in lines:
            name, content = json.loads(line)
            if name == open_associations.CONTROL_FILE:
                child.open = content["open"]
                self._publish_soon()
            elif name == server.CONTROL_FILE:
                self._put_up(name, content | {"pid": os.getpid()})

    def _publish_soon(self) -> None:
        if self._publish_at is None:
            self._publish_at = time.monotonic() + _PAUSE_SECONDS

    def _publish(self) -> None:
        self._publish_at = None
        entries = [entry for child in self._children.values() for entry in child.open]
        content = {"version": 1, "pid": os.getpid(), "open": entries}
        self._put_up(open_associations.CONTROL_FILE, content)

    def _put_up(self, name: str, content: dict[str, Any]) -> None:
        try:
            self._tray.publish(name, content)
        except OSError as exc:
            _log.error("The control file %s could not be published: %s", name, exc.strerror)


def _stop_with_parent(board: Upward, child: Serves) -> None:
    board.wait_for_the_end()
    child.stop()
