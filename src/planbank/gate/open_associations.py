"""Which associations are open: the control file `associations`.

Comes in: associations as they begin and end. Goes out, at most once a second while something
changes:

    {"version": 1, "pid": 4711,
     "open": [{"id": "...", "calling_ae": "...", "address": "...", "since": "..."}]}
"""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from planbank.gate.caller import Caller

CONTROL_FILE = "associations"
_PAUSE_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Board(Protocol):
    """Where control files are published: the tray, or the way to it."""

    def publish(self, name: str, content: dict[str, Any]) -> None: ...


class OpenAssociations:
    """Keeps the list and a thread that publishes it."""

    def __init__(self, board: Board, *, pause_seconds: float = _PAUSE_SECONDS) -> None:
        self._board = board
        self._pause_seconds = pause_seconds
        self._lock = threading.Lock()
        self._open: dict[str, dict[str, str]] = {}
        self._changed = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="open-associations", daemon=True)

    def start(self) -> None:
        """Publish the empty list, so that those of a gate that was killed are gone, and begin."""
        self._changed.set()
        self._thread.start()

    def stop(self) -> None:
        """Publish the list a last time."""
        self._ended.set()
        self._changed.set()
        self._thread.join()
        self._publish()

    def add(self, caller: Caller, since: datetime) -> None:
        with self._lock:
            self._open[caller.association_id] = {
                "id": caller.association_id,
                "calling_ae": caller.calling_ae,
                "address": caller.address,
                "since": since.isoformat(timespec="microseconds"),
            }
        self._changed.set()

    def remove(self, caller: Caller) -> None:
        with self._lock:
            self._open.pop(caller.association_id, None)
        self._changed.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._changed.wait()
            self._changed.clear()
            self._publish()
            self._ended.wait(self._pause_seconds)

    def _publish(self) -> None:
        with self._lock:
            content = {"version": 1, "pid": os.getpid(), "open": list(self._open.values())}
        try:
            self._board.publish(CONTROL_FILE, content)
        except OSError as exc:
            _log.error("The open associations could not be published: %s", exc.strerror)
            self._changed.set()
