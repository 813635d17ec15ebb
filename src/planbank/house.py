"""What every service and page is given.

Comes in: the parts that `boot` builds from Settings. Goes out: one frozen `House`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from planbank.archive.store import Store
    from planbank.config import Settings
    from planbank.transit.tray import Tray


class Clock(Protocol):
    """Where every process takes the time from; business dates never come from SQL."""

    def now(self) -> datetime:
        """The time, in UTC with its zone."""


@dataclass(frozen=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class OffsetClock:
    """The machine's clock plus the seconds that a file holds, re-read at most each second.

    For demo and test homes only: it lets a test live through 180 days.
    """

    file: Path
    _offset: timedelta = field(default=timedelta(0), init=False)
    _read_at: datetime = field(default=datetime.min.replace(tzinfo=UTC), init=False)

    def now(self) -> datetime:
        machine = datetime.now(UTC)
        if abs(machine - self._read_at) >= timedelta(seconds=1):
            self._read_at = machine
            try:
                self._offset = timedelta(seconds=float(self.file.read_text().strip() or 0))
            except (OSError, ValueError):
                self._offset = timedelta(0)
        return machine + self._offset


@dataclass
class FixedClock:
    """A clock that stands still until it is set: the twin for tests."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class House:
    """Settings, archive, transit area, key folder and clock, handed to whoever works here."""

    settings: Settings
    store: Store
    tray: Tray
    keys: Path
    clock: Clock
