"""Stored curves: read as they were stored, thinned without visible loss, metrics of the science."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.catalogue.curves import METRICS, MOST_POINTS, dvh_of, metrics_of, percents_at, points_of
from planbank.catalogue.models import Dvh, Roi
from planbank.dose import axis, engine
from planbank.dose.curve import pack
from planbank.dose.metrics import evaluate


def made(curve: np.ndarray, **fields: object) -> engine.Dvh:
    values = {"volume_cc": float(curve[0]), "outside_cc": 0.0, "min_gy": 0.0, "mean_gy": 1.0}
    top = float(axis.doses(len(curve))[-1])
    return engine.Dvh(1, "Heart", (), curve=curve, **{**values, "max_gy": top, **fields})


@st.composite
def curves(draw: st.DrawFn) -> np.ndarray:
    """Volumes that never rise: flat parts, slopes, cliffs; from one place to beyond 100 Gy."""
    places = draw(st.integers(2, 14_000))
    seed = draw(st.integers(0, 2**32 - 1))
    dice = np.random.default_rng(seed)
    steps = dice.random(places) ** draw(st.integers(1, 400))
    steps[dice.random(places) < draw(st.floats(0, 0.999))] = 0.0
    falling = np.concatenate(([steps.sum() + 1e-6], steps.sum() - np.cumsum(steps)))
    return np.maximum(falling / falling[0], 0.0) * draw(st.floats(0.01, 20_000))


@given(curves())
def test_thinned_curves_leave_the_whole_one_nowhere_by_a_pixel(curve: np.ndarray) -> None:
    dvh = made(curve)
    assert dvh.max_gy is not None
    points = points_of(dvh, dvh.max_gy)
    assert points is not None
    assert len(points.doses) <= MOST_POINTS
    whole_x = axis.doses(len(curve)) / dvh.max_gy
    whole_y = curve / dvh.volume_cc
    thin_x, thin_y = points.doses / dvh.max_gy, points.percent / 100.0
    assert thin_x[0] == whole_x[0] and thin_x[-1] == whole_x[-1]
    # A plot of 700 x 300 px: how far each place of the curve lies from the straight line it is drawn by.
    at = np.clip(np.searchsorted(thin_x, whole_x, side="right") - 1, 0, len(thin_x) - 2)
    x1, y1, x2, y2 = (700 * thin_x[at], 300 * thin_y[at], 700 * thin_x[at + 1], 300 * thin_y[at + 1])
    across, down = x2 - x1, y2 - y1
    away = np.abs(across * (300 * whole_y - y1) - down * (700 * whole_x - x1)) / np.hypot(across, down)
    assert away.max() < 2.0


def test_a_smooth_curve_is_drawn_to_a_tenth_of_a_per_cent() -> None:
    doses = np.arange(6000) * 0.01
    curve = 250.0 / (1.0 + np.exp((doses - 25.0) / 3.0))
    curve[-1] = 0.0
    dvh = made(curve)
    points = points_of(dvh, 60.0)
    assert points is not None
    drawn = np.interp(doses, points.doses, points.percent)
    assert np.abs(drawn - 100 * curve / dvh.volume_cc).max() < 0.1


def test_a_short_curve_is_kept_whole() -> None:
    points = points_of(made(np.linspace(3.0, 0.0, 50)), 1.0)
    assert points is not None
    assert len(points.doses) == 50 and points.percent[0] == 100.0


@pytest.mark.parametrize("fields", [{"volume_cc": 0.0}, {"max_gy": None}])
def test_nothing_is_drawn_of_what_has_no_dose(fields: dict[str, object]) -> None:
    assert points_of(made(np.array([0.0, 0.0]), **fields), 1.0) is None


def test_percent_is_of_the_whole_volume_also_where_part_has_no_dose() -> None:
    dvh = made(np.array([80.0, 80.0, 40.0, 0.0]), volume_cc=100.0, outside_cc=20.0, edge_gy=0.005)
    points = points_of(dvh, 0.03)
    assert points is not None
    assert points.percent.tolist() == [80.0, 80.0, 40.0, 0.0]
    assert percents_at(dvh, [0.0, 0.02]) == [80.0, 40.0]


def test_a_stored_row_reads_back_as_the_science_wrote_it() -> None:
    curve = np.linspace(120.0, 0.0, 4001)
    row = Dvh(
        roi=Roi(number=7, name="Hjerte"), volume_cc=120.0, outside_cc=0.0, min_gy=0.0,
        mean_gy=20.0, max_gy=40.0, edge_gy=0.0, curve=pack(curve), flags=["gap"], algorithm="slab-1",
        parameters={},
    )  # fmt: skip
    dvh = dvh_of(row)
    assert (dvh.number, dvh.name, dvh.flags, dvh.algorithm) == (7, "Hjerte", ("gap",), "slab-1")
    assert np.allclose(dvh.curve, curve, atol=1e-4)
    found = metrics_of(dvh)
    assert found == {name: evaluate(name, dvh) for name in METRICS}
    assert found["D95%"].value == pytest.approx(2.0, abs=0.01)
    assert found["D2cc"].value == pytest.approx(40.0 * 118 / 120, abs=0.01)
