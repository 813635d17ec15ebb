"""How many connections the other processes of this gate have.

Comes in: connections of this process as they begin and end. Goes out: the numbers of the others,
through memory that all of them share. Each writes its own row only, so nothing is locked: a
limit may be overstepped by what begins in the same instant elsewhere.
"""

from __future__ import annotations

import mmap

_PLACES = 4096
_TOTAL = _PLACES  # the column behind the addresses
_ROW = _PLACES + 1


class Crowd:
    """Counts by address. Made before the processes part; a process then takes its own `seat`.

    Addresses share 4,096 places by their hash, which nobody outside can foretell, so now and then
    two of them are counted as one.
    """

    def __init__(self, processes: int = 1) -> None:
        self._processes = processes
        self._counts = memoryview(mmap.mmap(-1, processes * _ROW * 4)).cast("I")
        self._mine = 0

    def take_seat(self, number: int) -> None:
        """This process counts in row `number` from now on, which is empty."""
        self._mine = number
        self.clear(number)

    def clear(self, number: int) -> None:
        """The process of row `number` is gone, and its connections with it."""
        for place in range(number * _ROW, (number + 1) * _ROW):
            self._counts[place] = 0

    def enter(self, address: str) -> None:
        self._add(address, 1)

    def leave(self, address: str) -> None:
        self._add(address, -1)

    def elsewhere(self, address: str | None) -> int:
        """Connections of the other processes, from this address or from all."""
        place = _TOTAL if address is None else hash(address) % _PLACES
        others = (self._counts[n * _ROW + place] for n in range(self._processes) if n != self._mine)
        return sum(others)

    def total(self) -> int:
        """Connections of all processes."""
        return sum(self._counts[n * _ROW + _TOTAL] for n in range(self._processes))

    def is_ahead(self) -> bool:
        """Whether another process has fewer connections than this one."""
        totals = [self._counts[n * _ROW + _TOTAL] for n in range(self._processes)]
        return totals[self._mine] > min(totals)

    def _add(self, address: str, number: int) -> None:
        row = self._mine * _ROW
        for place in (hash(address) % _PLACES, _TOTAL):
            self._counts[row + place] += number
