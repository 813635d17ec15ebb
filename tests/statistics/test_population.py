"""Spreads, bands, and groups that are kept back (R51, R77)."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from planbank.statistics.population import LEAST, band_of, resampled, spread_of, told

SIZES = st.dictionaries(st.sampled_from("ABCDEF"), st.integers(0, 30), max_size=6)


@given(SIZES)
def test_r51_no_hidden_group_follows_from_the_total(sizes: dict[str, int]) -> None:
    shown = told(sizes)
    assert all(sizes[group] >= LEAST for group in shown)
    hidden = [group for group, count in sizes.items() if count and group not in shown]
    if any(0 < sizes[group] < LEAST for group in sizes) and shown:
        assert len(hidden) >= 2  # the total less what is shown is never one small group


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_a_spread_lies_in_order(values: list[float]) -> None:
    found = spread_of(values)
    assert found is not None
    assert found.low <= found.lower <= found.median <= found.upper <= found.high
    assert found.count == len(values)


def test_nothing_has_no_spread() -> None:
    assert spread_of([]) is None


def test_bands_of_known_curves() -> None:
    """Steps at 10, 20, ... 50 Gy: the median falls from 100 % to 0 at 30 Gy."""
    doses = np.linspace(0, 60, 61)
    curves = []
    for gy in (10, 20, 30, 40, 50):
        curve = np.where(np.arange(6001) * 0.01 <= gy, 80.0, 0.0)
        curves.append(resampled(curve, 80.0, doses))
    median = band_of(curves)[2]
    assert median[30] == 100.0
    assert median[31] == 0.0
    assert (np.diff(band_of(curves), axis=1) <= 1e-9).all()
