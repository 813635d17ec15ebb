"""Exact coverage of cells, against shapely intersecting every cell with the polygon."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planbank.dose.coverage import cover
from planbank.dose.nesting import border
from tests.dose import phantoms


@st.composite
def stars(draw: st.DrawFn) -> np.ndarray:
    """Simple polygons, seen from a point within, anywhere in the plane."""
    count = draw(st.integers(3, 24))
    steps = draw(st.lists(st.floats(0.05, 1.0), min_size=count, max_size=count))
    angles = np.cumsum(steps) / sum(steps) * 2 * np.pi
    reach = np.array(draw(st.lists(st.floats(0.5, 12.0), min_size=count, max_size=count)))
    centre = np.array(draw(st.tuples(st.floats(-30, 30), st.floats(-30, 30))))
    points = centre + np.stack((reach * np.cos(angles), reach * np.sin(angles)), axis=1)
    # the oracle errs where a vertex lies within rounding of a cell's border: keep to whole micrometres
    points = np.round(points, 3)
    return points[::-1] if draw(st.booleans()) else points


def micrometres(low: int, high: int) -> st.SearchStrategy[float]:
    return st.integers(low * 1000, high * 1000).map(lambda value: value / 1000)


sizes = st.tuples(*[st.integers(200, 5000).map(lambda value: value / 1000)] * 2)


@settings(max_examples=60)
@given(stars(), sizes, st.tuples(micrometres(-3, 3), micrometres(-3, 3)))
def test_every_cell_has_the_area_and_centroid_of_its_intersection(
    points: np.ndarray, size: tuple[float, float], origin: tuple[float, float]
) -> None:
    polygon = shapely.Polygon(points)
    assume(polygon.is_valid and polygon.area > 0.1)
    cells = cover(border([points]).edges, size, origin)
    assert cells is not None
    assert cells.area.sum() == pytest.approx(polygon.area, rel=1e-9)
    low = np.floor((np.stack((cells.x, cells.y), axis=1) - origin) / size) * size + origin
    boxes = shapely.box(low[:, 0], low[:, 1], low[:, 0] + size[0], low[:, 1] + size[1])
    parts = shapely.intersection(boxes, polygon)
    solid = shapely.area(parts) > 1e-3 * size[0] * size[1]
    np.testing.assert_allclose(cells.area[solid], shapely.area(parts)[solid], rtol=1e-6)
    centres = shapely.get_coordinates(shapely.centroid(parts))
    np.testing.assert_allclose(cells.x[solid], centres[solid, 0], atol=1e-4)
    np.testing.assert_allclose(cells.y[solid], centres[solid, 1], atol=1e-4)


def test_spread_within_a_whole_cell_and_within_half_of_one() -> None:
    square = np.array([[0, 0], [4, 0], [4, 2], [0, 2]], float)
    cells = cover(border([square]).edges, (4.0, 2.0))
    assert cells is not None
    assert (cells.area[0], cells.xx[0], cells.yy[0]) == pytest.approx((8.0, 16 / 12, 4 / 12))
    assert cells.xy[0] == pytest.approx(0.0)
    triangle = np.array([[0, 0], [1, 0], [0, 1]], float)
    half = cover(border([triangle]).edges, (1.0, 1.0))
    assert half is not None
    assert (half.x[0], half.y[0], half.xx[0], half.xy[0]) == pytest.approx((1 / 3, 1 / 3, 1 / 18, -1 / 36))


def test_a_small_circle_on_large_cells_keeps_its_area() -> None:
    """Edge-inclusive masks gain 45 % at a radius of three pixels."""
    disc = phantoms.circle(3.0, 0.0)[:, :2] + 0.37
    cells = cover(border([disc]).edges, (1.0, 1.0))
    assert cells is not None
    assert cells.area.sum() == pytest.approx(np.pi * 9.0, rel=1e-9)


def test_what_is_no_border_of_a_region_is_refused() -> None:
    square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]], float)
    edges = border([square]).edges
    assert cover(np.concatenate((edges, edges)), (1.0, 1.0)) is None
    assert cover(edges[:, [2, 3, 0, 1]], (1.0, 1.0)) is None


def test_nothing_is_covered_by_nothing() -> None:
    cells = cover(np.empty((0, 4)), (1.0, 1.0))
    assert cells is not None
    assert not len(cells.area)
