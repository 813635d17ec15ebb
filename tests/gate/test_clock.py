"""Where the gate's times come from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from planbank.gate.clock import machine_time, offset_time


def test_times_are_utc() -> None:
    assert machine_time().tzinfo is UTC


def test_a_file_moves_the_time_and_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    now = offset_time(file)
    for seconds in (86400, -86400):
        file.write_text(f"{seconds}\n")
        moved = now() - datetime.now(UTC)
        assert abs(moved - timedelta(seconds=seconds)) < timedelta(hours=1)


@pytest.mark.parametrize("content", [None, "", "soon"])
def test_a_file_that_says_nothing_moves_nothing(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "clock"
    if content is not None:
        file.write_text(content)
    assert abs(offset_time(file)() - datetime.now(UTC)) < timedelta(hours=1)
