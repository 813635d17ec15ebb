"""Volume spread over dose."""

from __future__ import annotations

import numpy as np
import pytest

from planbank.dose import axis
from planbank.dose.coverage import Cells
from planbank.dose.histogram import Histogram
from planbank.dose.sampling import STILL, Samples


def cells(area: float, side: float) -> Cells:
    flat = side * side / 12
    return Cells(*(np.array([v]) for v in (0.0, 0.0, area, flat, 0.0, flat)))


def layer(thickness: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One layer that leaves the cells where they are."""
    return np.array([thickness]), STILL[None], np.array([thickness])


def samples(dose: float, gradient: tuple[float, float, float], inside: bool = True) -> Samples:
    return Samples(np.array([dose]), np.array([gradient], float), np.array([inside]))


def test_one_cell_across_a_gradient_is_a_straight_ramp() -> None:
    histogram = Histogram.up_to(30)
    histogram.add(cells(4.0, 2.0), samples(20.0, (1.0, 0, 0)), *layer(3.0))
    histogram.low, histogram.high = 19.0, 21.0
    curve = histogram.curve() * 1000
    doses = axis.doses(len(curve))
    np.testing.assert_allclose(curve, 12 * np.clip((21 - doses) / 2, 0, 1), atol=1e-6)
    assert histogram.dose_volume / histogram.inside == 20.0


def test_one_dose_is_a_step_at_that_dose() -> None:
    histogram = Histogram.up_to(30)
    histogram.add(cells(4.0, 2.0), samples(20.003, (0, 0, 0)), *layer(1.0))
    curve = histogram.curve() * 1000
    assert curve[2000] == pytest.approx(4.0)
    assert curve[2001] == 0.0
    assert len(curve) == 2002


def test_volume_without_dose_is_counted_apart() -> None:
    histogram = Histogram.up_to(30)
    histogram.add(cells(4.0, 2.0), samples(0.0, (0, 0, 0), inside=False), *layer(2.0))
    assert (histogram.inside, histogram.outside) == (0.0, 8.0)
    assert histogram.curve().tolist() == [0.0]


def test_negative_dose_counts_as_none() -> None:
    histogram = Histogram.up_to(30)
    histogram.add(cells(4.0, 2.0), samples(-0.2, (0, 0, 0)), *layer(1.0))
    assert histogram.low == 0.0
    assert histogram.curve()[0] == pytest.approx(0.004)
