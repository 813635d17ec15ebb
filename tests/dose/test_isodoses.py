"""Isodose lines and the dose on any plane, from the model of the DVHs (R99, R100; ui.md, check 8)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from planbank.dicom.geometry import Axes, axes_of
from planbank.dose.isodoses import dose_at, isodoses
from planbank.dose.sampling import Field, field_of
from tests.dose import phantoms
from tests.dose.phantoms import linear, opened_dose

PLANES: dict[str, tuple[float, ...]] = {
    "axial": (1, 0, 0, 0, 1, 0),
    "coronal": (1, 0, 0, 0, 0, -1),
    "sagittal": (0, 1, 0, 0, 0, -1),
    "oblique": (0.8, 0, 0.6, -0.36, 0.8, 0.48),
}
GRIDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "offset": {"shift": (0.7, -0.4, 1.1)},
    "tilted": {"orientation": (0.96, 0, 0.28, 0, 1, 0), "extent": (90, 80, 90)},
    "coarse": {"spacing": (4, 3, 5), "extent": (80, 80, 80)},
    "HFDR": {"orientation": "HFDR", "extent": (80, 80, 80)},
}


def peak(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """60 Gy in the middle, falling to a tenth at 25 mm, 4 Gy/mm at the steepest."""
    r2 = (points * np.array([1.0, 1.2, 0.8])) ** 2
    return np.asarray(60 * np.exp(-r2.sum(-1) / 270))


def plane(name: str) -> Axes:
    axes = axes_of(PLANES[name])
    assert axes is not None
    return axes


def grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.arange(-28.0, 28.1, 1.5), np.arange(-28.0, 28.1, 1.5)


def along(line: NDArray[np.float64], cuts: int = 5) -> NDArray[np.float64]:
    """Points of a line and between them."""
    parts = np.linspace(0, 1, cuts, endpoint=False)
    between = line[:-1, None] + parts[None, :, None] * np.diff(line, axis=0)[:, None]
    return np.concatenate((between.reshape(-1, 2), line[-1:]))


def off_level(field: Field, axes: Axes, line: NDArray[np.float64], position: float, gy: float) -> float:
    points = along(line)
    return float(np.nanmax(np.abs(dose_at(field, axes, points[:, 0], points[:, 1], position) - gy)))


@pytest.mark.parametrize("form", GRIDS)
@pytest.mark.parametrize("name", PLANES)
def test_every_point_of_a_line_has_its_level(name: str, form: str) -> None:
    """Within 0.1 Gy, between its points too, on any plane, in any grid."""
    field, axes = field_of([opened_dose(peak, **GRIDS[form])]), plane(name)
    levels = [57.0, 45.0, 30.0, 15.0, 6.0]
    for gy, lines in zip(levels, isodoses(field, axes, *grid(), 2.3, levels), strict=True):
        assert lines, gy
        for line in lines:
            assert off_level(field, axes, line, 2.3, gy) < 0.1, gy


def test_a_line_in_a_linear_dose_is_where_it_must_be() -> None:
    field = field_of([opened_dose(linear((1, 0, 0), 30))])
    ((line,),) = isodoses(field, plane("axial"), *grid(), 3.0, [34.0])
    np.testing.assert_allclose(line[:, 0], 4.0, atol=1e-3)
    assert np.ptp(line[:, 1]) == pytest.approx(55.5), "from border to border"


def test_the_dose_of_a_plane_is_the_dose_of_its_points() -> None:
    """On each plane through a linear dose, whatever the orientation of the grid; NaN outside."""
    at = linear((0.4, -0.3, 0.2))
    for form in GRIDS.values():
        field = field_of([opened_dose(at, **form)])
        for name in PLANES:
            axes = plane(name)
            u, v = np.meshgrid(np.linspace(-15, 15, 7), np.linspace(-12, 12, 5))
            found = dose_at(field, axes, u, v, 4.0)
            points = np.stack((u, v, np.full(u.shape, 4.0)), axis=-1) @ axes.matrix
            np.testing.assert_allclose(found, at(points), atol=1e-3)
    assert np.isnan(dose_at(field, axes, np.array([500.0]), np.array([0.0]), 0.0)).all()


def test_sums_on_unequal_grids_are_drawn_where_all_reach() -> None:
    one = opened_dose(linear((0.5, 0, 0), 20))
    other = opened_dose(linear((0.5, 0, 0), 10), spacing=(3, 2.5, 4), extent=(36, 60, 60), shift=(0.3, 0, 0))
    field = field_of([one, other])
    ((line,),) = isodoses(field, plane("axial"), *grid(), 0.0, [35.0])
    np.testing.assert_allclose(line[:, 0], 5.0, atol=1e-3)
    assert np.isnan(dose_at(field, plane("axial"), np.array([25.0]), np.array([0.0]), 0.0)).all()


def test_levels_that_are_nowhere_have_no_line() -> None:
    field = field_of([opened_dose(peak)])
    assert isodoses(field, plane("axial"), *grid(), 0.0, [80.0, 30.0])[0] == []
    assert isodoses(field, plane("axial"), *grid(), 900.0, [30.0]) == [[]]


def test_a_flat_dose_ends_and_draws_nothing_wrong() -> None:
    field = field_of([opened_dose(linear((0, 0, 0), 20))])
    for lines in isodoses(field, plane("axial"), *grid(), 0.0, [20.0, 19.999]):
        for line in lines:
            assert off_level(field, plane("axial"), line, 0.0, 20.0) < 0.1


@settings(max_examples=15)
@given(
    angle=st.tuples(st.floats(-3, 3), st.floats(-1.5, 1.5)),
    position=st.floats(-10, 10),
    level=st.floats(3, 55),
    step=st.floats(0.7, 3.0),
)
def test_any_plane_any_level(angle: tuple[float, float], position: float, level: float, step: float) -> None:
    (a, b), c = angle, np.cos
    s = np.sin
    across = np.array([c(a), s(a), 0.0])
    down = np.array([-s(a) * c(b), c(a) * c(b), s(b)])
    axes = axes_of((*across, *down))
    assert axes is not None
    field = field_of([opened_dose(peak, spacing=(2.5, 2, 3), extent=(80, 80, 80))])
    ticks = np.arange(-27.0, 27.1, step)
    (lines,) = isodoses(field, axes, ticks, ticks, position, [level])
    for line in lines:
        assert off_level(field, axes, line, position, level) < 0.1


def test_the_phantoms_gradient_is_steep_enough_to_prove_something() -> None:
    points = np.stack((np.linspace(0, 25, 500), np.zeros(500), np.zeros(500)), axis=1)
    assert np.abs(np.diff(peak(points)) / np.diff(points[:, 0])).max() > 3
    assert phantoms.ORIENTATIONS["HFDR"]
