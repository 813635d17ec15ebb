"""Pauses grow to a limit, with jitter (R91)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from planbank.services.forward.backing_off import FIRST, JITTER, MOST, pause


@given(st.integers(0, 10_000))
def test_a_pause_lies_between_its_bounds(failures: int) -> None:
    plain = min(FIRST * 2 ** min(max(failures, 1) - 1, 20), MOST)
    assert plain * (1 - JITTER) <= pause(failures) <= plain * (1 + JITTER)


def test_pauses_differ() -> None:
    assert len({pause(3) for _ in range(20)}) > 1
