"""A parcel sealed anew, for the keys of now.

Comes in: how to open the parcel, and how to seal. Goes out: the same header and data, sealed and
signed again. They stream from one to the other: memory stays flat, and nothing lies open on a disk.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from planbank.errors import ParcelError
from planbank.transit.parcel import Header, Trailer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from planbank.transit.tray import Opened, Sink

_HELD = 16  # pieces between the two, each at most one chunk of age (64 KiB)


class _Stopped(Exception):
    """Sealing failed: what is still to be opened is of no use."""


class _Flow:
    """Opens in a thread of its own; hands out the header, then the data, then how it ended."""

    def __init__(self, open_: Callable[[Callable[[Header], Sink]], Opened]) -> None:
        self._pieces: queue.Queue[Header | bytes | BaseException | None] = queue.Queue(_HELD)
        self._stopped = False
        self._thread = threading.Thread(target=self._run, args=(open_,), name="reseal", daemon=True)
        self._thread.start()

    def _run(self, open_: Callable[[Callable[[Header], Sink]], Opened]) -> None:
        try:
            open_(self._begin)
            self._pieces.put(None)
        except BaseException as exc:
            self._pieces.put(exc)

    def _begin(self, header: Header) -> _Flow:
        self._pieces.put(header)
        return self

    def write(self, data: bytes | memoryview, /) -> int:
        if self._stopped:
            raise _Stopped
        self._pieces.put(bytes(data))
        return len(data)

    def header(self) -> Header:
        """Raises what opening raised before it came to a header."""
        first = self._pieces.get()
        if isinstance(first, BaseException):
            raise first
        if not isinstance(first, Header):
            raise ParcelError("It has no header.")
        return first

    def data(self) -> Iterator[bytes]:
        """Ends only when the parcel was opened to its end and found whole; raises what opening raised."""
        while isinstance(piece := self._pieces.get(), bytes):
            yield piece
        if isinstance(piece, BaseException):
            raise piece

    def close(self) -> None:
        self._stopped = True
        while self._thread.is_alive():
            try:
                self._pieces.get(timeout=0.05)
            except queue.Empty:
                continue


def reseal(
    open_: Callable[[Callable[[Header], Sink]], Opened],
    seal: Callable[[Header, Iterator[bytes]], Trailer],
) -> Trailer:
    """Open and seal at once. Raises what either raises; `seal` must leave nothing behind then."""
    flow = _Flow(open_)
    try:
        return seal(flow.header(), flow.data())
    finally:
        flow.close()
