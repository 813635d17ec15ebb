"""Questions to a curve, and curves packed for storage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.dose import axis, curve
from planbank.dose.engine import Dvh


def of(volumes: np.ndarray, low: float, high: float) -> Dvh:
    return Dvh(1, "a", (), float(volumes[0]), 0.0, low, (low + high) / 2, high, volumes)


def test_a_flat_part_of_a_curve_is_read_at_its_hot_end() -> None:
    volumes = np.concatenate((np.full(1001, 4.0), np.full(1000, 2.0), [0.0]))
    assert curve.dose_to(of(volumes, 5.0, 20.0), 2.0).value == pytest.approx(20.0, abs=0.011)
    assert curve.dose_to(of(volumes, 5.0, 20.0), 4.0).value == 5.0


@given(st.floats(0.001, 9.999))
def test_dose_and_volume_are_inverse_on_a_slope(cc: float) -> None:
    slope = of(np.clip((40 - axis.doses(4002)) / 20, 0, 1) * 10, 20.0, 40.0)
    dose = curve.dose_to(slope, cc).value
    assert dose is not None
    assert curve.volume_at(slope, dose).value == pytest.approx(cc, abs=1e-6)


def test_packed_curves_come_back() -> None:
    volumes = np.linspace(123.456, 0, 5000)
    packed = curve.pack(volumes)
    assert len(packed) < 20_000
    np.testing.assert_allclose(curve.unpack(packed), volumes, rtol=1e-6, atol=1e-5)


def test_the_differential_holds_the_volume() -> None:
    slope = of(np.clip((40 - axis.doses(4002)) / 20, 0, 1) * 10, 20.0, 40.0)
    doses, volumes = curve.differential(slope)
    assert volumes.sum() == pytest.approx(10)
    assert (doses * volumes).sum() / 10 == pytest.approx(30, abs=0.005)
