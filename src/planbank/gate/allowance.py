"""How much senders that nobody registered may still leave (model.md, Quarantine: a quota).

Comes in: what the back end counted (control file `quarantine`), and what came in since. Goes out:
leave to take an object in, or ObjectRefused with A700.

    {"version": 1, "settled": "2026-11-22T10:00:00+00:00", "files": 42, "bytes": 22000000,
     "addresses": {"10.81.4.27": [42, 22000000]}}

`settled`: all that was complete before is counted there or was filed. What came later is counted
here, so that the quota holds while the back end is away. Without a file nothing lies there yet.
"""

from __future__ import annotations

import json
import logging
import mmap
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from planbank.errors import ObjectRefused
from planbank.gate.dimse import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from planbank.gate.limits import Limits
    from planbank.transit.tray import Tray

CONTROL_FILE = "quarantine"

_PLACES = 4096
_ROW = 2 * (_PLACES + 1)  # files and bytes by address, then of all
_SECONDS = 10  # what came within is remembered as one

_log = logging.getLogger(__name__)


class Pending:
    """Files and bytes that came since the back end counted, in memory that all processes share.

    Each writes its own row only; addresses share places by their hash (see crowd.py).
    """

    def __init__(self, processes: int = 1) -> None:
        self._processes = processes
        self._counts = memoryview(mmap.mmap(-1, processes * _ROW * 8)).cast("Q")
        self._mine = 0

    def take_seat(self, number: int) -> None:
        """This process counts in row `number` from now on, which is empty."""
        self._mine = number
        self.clear(number)

    def clear(self, number: int) -> None:
        """The process of row `number` is gone; what it took in the back end counts."""
        self._counts[number * _ROW : (number + 1) * _ROW] = memoryview(bytes(_ROW * 8)).cast("Q")

    def add(self, address: str, files: int, size: int) -> None:
        """For one thread at a time."""
        for place in (hash(address) % _PLACES, _PLACES):
            at = self._mine * _ROW + 2 * place
            self._counts[at] += files
            self._counts[at + 1] += size

    def of(self, address: str | None) -> tuple[int, int]:
        """Files and bytes in all processes, from this address or from all."""
        place = _PLACES if address is None else hash(address) % _PLACES
        rows = [row * _ROW + 2 * place for row in range(self._processes)]
        return sum(self._counts[at] for at in rows), sum(self._counts[at + 1] for at in rows)


@dataclass(frozen=True)
class _Counted:
    """What the back end said."""

    settled: float = 0.0
    total: tuple[int, int] = (0, 0)
    addresses: dict[str, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def parse(cls, content: dict[str, Any]) -> _Counted:
        """Raises ValueError, KeyError, TypeError."""
        addresses = {str(a): (int(n), int(size)) for a, (n, size) in content["addresses"].items()}
        settled = datetime.fromisoformat(content["settled"]).timestamp()
        return cls(settled, (int(content["files"]), int(content["bytes"])), addresses)


class Allowance:
    """Asked for each object of an unknown sender. For many threads."""

    def __init__(self, tray: Tray, now: Callable[[], datetime], pending: Pending | None = None) -> None:
        self._tray = tray
        self._now = now
        self._pending = pending or Pending()
        self._lock = threading.Lock()
        self._read_at = 0.0
        self._counted = _Counted()
        self._since: dict[tuple[int, str], list[int]] = {}

    @contextmanager
    def room(self, address: str, limits: Limits) -> Iterator[Callable[[int], None]]:
        """Room for one object of this address while it comes in; gives what to call with the size of
        each fragment. Both raise ObjectRefused where there is none. An object that ends in an
        exception leaves no trace here; one that does not counts until the back end has counted it.
        """
        with self._lock:
            self._read()
            self._pending.add(address, 1, 0)
        came = 0

        def grow(size: int) -> None:
            nonlocal came
            came += size
            with self._lock:
                self._pending.add(address, 0, size)
            self._check(address, limits)

        try:
            self._check(address, limits)
            yield grow
        except BaseException:
            with self._lock:
                self._pending.add(address, -1, -came)
            raise
        self._remember(address, came)

    def _remember(self, address: str, size: int) -> None:
        with self._lock:
            key = (int(self._now().timestamp()) // _SECONDS, address)
            bucket = self._since.setdefault(key, [0, 0])
            bucket[0] += 1
            bucket[1] += size

    def _check(self, address: str, limits: Limits) -> None:
        counted = self._counted
        for before, now, most_files, most_bytes, whose in (
            (
                counted.addresses.get(address, (0, 0)),
                self._pending.of(address),
                limits.quarantine_files_per_address,
                limits.quarantine_bytes_per_address,
                "for this address: register the sender",
            ),
            (
                counted.total,
                self._pending.of(None),
                limits.quarantine_files,
                limits.quarantine_bytes,
                "for unknown senders",
            ),
        ):
            if before[0] + now[0] > most_files or before[1] + now[1] > most_bytes:
                raise ObjectRefused(Status.OUT_OF_RESOURCES, f"The quarantine is full {whose}.")

    def _read(self) -> None:
        changed = self._tray.changed(CONTROL_FILE)
        if changed == self._read_at:
            return
        self._read_at = changed
        try:
            content = self._tray.read(CONTROL_FILE)
            self._counted = _Counted() if content is None else _Counted.parse(content)
        except (OSError, json.JSONDecodeError, ValueError, KeyError, TypeError, AttributeError) as exc:
            _log.error("The use of the quarantine cannot be read; the last one stays: %s", type(exc).__name__)
            return
        for key in [k for k in self._since if (k[0] + 1) * _SECONDS <= self._counted.settled]:
            files, size = self._since.pop(key)
            self._pending.add(key[1], -files, -size)
