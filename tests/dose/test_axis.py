"""The dose axis: 0.01 Gy, wider above 100 Gy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.dose import axis


@given(st.floats(0, 5000))
def test_place_and_dose_are_inverse(dose: float) -> None:
    place = axis.place_of(dose)
    at = axis.doses(int(place) + 2)
    assert at[int(place)] <= dose * (1 + 1e-9) + 1e-9
    assert at[int(place) + 1] >= dose * (1 - 1e-9)


def test_bins_are_a_hundredth_of_a_gray_and_do_not_jump() -> None:
    at = axis.doses(12_001)
    assert at[2000] == pytest.approx(20.0)
    assert at[10_000] == pytest.approx(100.0)
    widths = np.diff(at)
    assert widths[:10_000] == pytest.approx(0.01)
    assert widths[10_000] == pytest.approx(0.01, rel=1e-3)
    assert (np.diff(widths[10_000:]) > 0).all()


def test_a_curve_for_a_source_is_not_endless() -> None:
    assert axis.length_for(50_000) < 100_000
    assert axis.length_for(float("inf")) < 100_000
