"""What the gate did, in numbers that all its processes share.

Comes in: associations, objects and refusals as they end. Goes out: counters, gauges and one
histogram as Prometheus text (exposition format 0.0.4). No UID, name or address is in them.

The numbers lie in memory made before the processes part. Each process writes its own row, so that
nothing is counted twice; a row's counters outlive its process, its gauges do not.
"""

from __future__ import annotations

import mmap
import threading
from bisect import bisect_left
from typing import TYPE_CHECKING

from planbank.gate.dimse import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planbank.gate.crowd import Crowd

_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.2.1": "CT",
    "1.2.840.10008.5.1.4.1.1.4": "MR",
    "1.2.840.10008.5.1.4.1.1.4.1": "MR",
    "1.2.840.10008.5.1.4.1.1.128": "PT",
    "1.2.840.10008.5.1.4.1.1.128.1": "PT",
    "1.2.840.10008.5.1.4.1.1.481.1": "RTIMAGE",
    "1.2.840.10008.5.1.4.1.1.481.2": "RTDOSE",
    "1.2.840.10008.5.1.4.1.1.481.3": "RTSTRUCT",
    "1.2.840.10008.5.1.4.1.1.481.4": "RTRECORD",
    "1.2.840.10008.5.1.4.1.1.481.5": "RTPLAN",
    "1.2.840.10008.5.1.4.1.1.481.8": "RTIONPLAN",
    "1.2.840.10008.5.1.4.1.1.481.9": "RTRECORD",
    "1.2.840.10008.5.1.4.1.1.66.1": "REG",
    "1.2.840.10008.5.1.4.1.1.66.3": "REG",
    "1.2.840.10008.5.1.4.1.1.66.4": "SEG",
}
_OTHER = "other"
_KINDS = (*sorted(set(_CLASSES.values())), _OTHER)
_STATUSES = (*(f"{status.value:04X}" for status in Status), _OTHER)
_WHATS = ("association", "context", "object", "operation", _OTHER)
_ENDS = (
    *("released", "rejected", "aborted by the peer", "closed by the peer", "aborted", "deadline"),
    *("failed", "lost", "ended with the gate", _OTHER),
)
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

# The places of a row, in this order.
_OBJECTS = 0
_REFUSALS = _OBJECTS + len(_STATUSES) * len(_KINDS)
_ASSOCIATIONS = _REFUSALS + len(_WHATS)
_BUCKETS = _ASSOCIATIONS + len(_ENDS)
_MICROSECONDS = _BUCKETS + len(_BOUNDS) + 1
_BYTES = _MICROSECONDS + 1
_OPEN = _BYTES + 1  # gauges from here on
_SERVING = _OPEN + 1
_ROW = _SERVING + 1


class Meters:
    """Counts. For many threads; made before the processes part, and each then takes its `seat`."""

    def __init__(self, processes: int = 1) -> None:
        self._processes = processes
        self._numbers = memoryview(mmap.mmap(-1, processes * _ROW * 8)).cast("Q")
        self._mine = 0
        self._lock = threading.Lock()

    def take_seat(self, number: int) -> None:
        """This process counts in row `number` from now on, where the one before it ended."""
        self._mine = number
        self.clear(number)
        self._add(_SERVING, 1)

    def clear(self, number: int) -> None:
        """The process of row `number` is gone: nothing is open there any more."""
        self._numbers[number * _ROW + _OPEN] = 0
        self._numbers[number * _ROW + _SERVING] = 0

    def object(self, status: int, sop_class_uid: str, size: int, seconds: float) -> None:
        """A C-STORE was answered. `seconds`: from its command to its answer."""
        kind = _KINDS.index(_CLASSES.get(sop_class_uid, _OTHER))
        place = _OBJECTS + _index(_STATUSES, f"{status:04X}") * len(_KINDS) + kind
        with self._lock:
            self._add(place, 1)
            if status == Status.SUCCESS:
                self._add(_BUCKETS + bisect_left(_BOUNDS, seconds), 1)
                self._add(_MICROSECONDS, int(seconds * 1e6))
                self._add(_BYTES, size)

    def refusal(self, what: str) -> None:
        """Something was refused, reported or not."""
        with self._lock:
            self._add(_REFUSALS + _index(_WHATS, what), 1)

    def opened(self) -> None:
        """An association was accepted."""
        with self._lock:
            self._add(_OPEN, 1)

    def closed(self) -> None:
        """An accepted association ended."""
        with self._lock:
            self._add(_OPEN, -1)

    def ended(self, end: str) -> None:
        """A connection came to its end, whatever became of it."""
        with self._lock:
            self._add(_ASSOCIATIONS + _index(_ENDS, end), 1)

    def serving(self) -> int:
        """How many processes take associations now."""
        return self._sum(_SERVING)

    def text(self, crowd: Crowd | None = None) -> str:
        """All of it as Prometheus text."""
        return "".join(f"{line}\n" for line in self._lines(crowd))

    def _add(self, place: int, number: int) -> None:
        self._numbers[self._mine * _ROW + place] += number

    def _sum(self, place: int) -> int:
        return sum(self._numbers[row * _ROW + place] for row in range(self._processes))

    def _lines(self, crowd: Crowd | None) -> Iterator[str]:
        yield from _head("objects_total", "counter", "C-STORE requests answered, by status and kind.")
        for n, status in enumerate(_STATUSES):
            for k, kind in enumerate(_KINDS):
                if number := self._sum(_OBJECTS + n * len(_KINDS) + k):
                    yield f'planbank_gate_objects_total{{status="{status}",kind="{kind}"}} {number}'
        for name, words, label, values, place in (
            ("refusals_total", "What was refused.", "what", _WHATS, _REFUSALS),
            ("associations_total", "Connections that ended.", "end", _ENDS, _ASSOCIATIONS),
        ):
            yield from _head(name, "counter", words)
            for n, value in enumerate(values):
                yield f'planbank_gate_{name}{{{label}="{value}"}} {self._sum(place + n)}'
        yield from _head("received_bytes_total", "counter", "Bytes of the data sets that were kept.")
        yield f"planbank_gate_received_bytes_total {self._sum(_BYTES)}"
        yield from self._histogram()
        gauges = [
            ("open_associations", "Associations that are open.", self._sum(_OPEN)),
            ("processes", "Processes that take associations.", self.serving()),
        ]
        if crowd is not None:
            gauges.append(("connections", "TCP connections.", crowd.total()))
        for name, words, number in gauges:
            yield from gauge(name, words, number)

    def _histogram(self) -> Iterator[str]:
        name = "parcel_seconds"
        yield from _head(name, "histogram", "From the command to the durable parcel.")
        so_far = 0
        for n, bound in enumerate((*_BOUNDS, "+Inf")):
            so_far += self._sum(_BUCKETS + n)
            yield f'planbank_gate_{name}_bucket{{le="{bound}"}} {so_far}'
        yield f"planbank_gate_{name}_sum {self._sum(_MICROSECONDS) / 1e6}"
        yield f"planbank_gate_{name}_count {so_far}"


def gauge(name: str, words: str, number: float) -> Iterator[str]:
    """The lines of one gauge."""
    yield from _head(name, "gauge", words)
    yield f"planbank_gate_{name} {number}"


def _head(name: str, kind: str, words: str) -> Iterator[str]:
    yield f"# HELP planbank_gate_{name} {words}"
    yield f"# TYPE planbank_gate_{name} {kind}"


def _index(names: tuple[str, ...], name: str) -> int:
    return names.index(name) if name in names else len(names) - 1
