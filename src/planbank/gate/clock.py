"""Where the gate takes the time from.

Comes in: the machine's clock, and in demo and test homes a file with seconds to add to it (the
same file that the back end's clock reads). Goes out: functions that give the time in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def machine_time() -> datetime:
    """The machine's time in UTC."""
    return datetime.now(UTC)


def offset_time(file: Path) -> Callable[[], datetime]:
    """The machine's time plus the seconds in `file`, read at each call; 0 where it cannot be read."""

    def now() -> datetime:
        try:
            seconds = float(file.read_text().strip() or 0)
        except (OSError, ValueError):
            seconds = 0.0
        return machine_time() + timedelta(seconds=seconds)

    return now
