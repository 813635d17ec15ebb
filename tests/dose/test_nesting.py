"""Orientation by nesting: holes, keyholes, islands, crossings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planbank.dose.coverage import cover
from planbank.dose.nesting import border, evenodd
from tests.dose import phantoms


def disc(radius: float, x: float = 0.0, y: float = 0.0, points: int = 120) -> np.ndarray:
    return phantoms.circle(radius, 0.0, (x, y), points)[:, :2]


def square(side: float, x: float = 0.0, y: float = 0.0) -> np.ndarray:
    return np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]], float)


def covered(edges: np.ndarray) -> float:
    cells = cover(edges, (1.3, 0.9))
    assert cells is not None
    return float(cells.area.sum())


@pytest.mark.parametrize("turned", [False, True])
def test_a_ring_of_two_contours_is_not_filled(turned: bool) -> None:
    inner = disc(10)[::-1] if turned else disc(10)
    found = border([inner, disc(20)])
    assert found.area == pytest.approx(np.pi * 300, rel=1e-9)
    assert covered(found.edges) == pytest.approx(found.area, rel=1e-9)
    assert not found.crossing


def test_an_island_in_a_hole_counts() -> None:
    found = border([disc(5), disc(20), disc(10), disc(3, 40, 0)])
    assert found.area == pytest.approx(np.pi * (400 - 100 + 25 + 9), rel=1e-9)
    assert covered(found.edges) == pytest.approx(found.area, rel=1e-9)


@pytest.mark.parametrize("same_way", [False, True])
def test_a_keyhole_is_a_ring_whichever_way_its_hole_is_walked(same_way: bool) -> None:
    outer, inner = phantoms.circle(20, 0), phantoms.circle(10, 0)
    joined = phantoms.keyhole(outer, inner[::-1] if same_way else inner)[:, :2]
    found = border([joined])
    assert found.area == pytest.approx(np.pi * 300, rel=1e-6)
    assert covered(found.edges) == pytest.approx(found.area, rel=1e-9)
    assert evenodd([joined]).area == pytest.approx(np.pi * 300, rel=1e-6)
    ((rim, hole),) = found.parts
    assert len(rim) == len(outer)
    assert len(hole) == len(inner)


def test_a_keyhole_with_two_holes_is_taken_apart() -> None:
    """The bridge from rim to first hole goes on to the second."""
    outer, first, second = square(20), square(4, 3, 3), square(4, 12, 12)
    joined = np.concatenate((outer, outer[:1], first[::-1], second[::-1], second[-1:], first[:1], first[-1:]))
    ((rim, *holes),) = border([joined]).parts
    assert len(rim) == 4
    assert len(holes) == 2
    assert covered(border([joined]).edges) == pytest.approx(400 - 32)


def test_overlapping_contours_are_filled_by_even_odd() -> None:
    found = border([square(10), square(10, 5, 5)])
    assert found.crossing
    assert found.area == pytest.approx(200 - 2 * 25)
    assert covered(found.edges) == pytest.approx(150)


def test_a_bow_tie_has_both_its_halves() -> None:
    found = border([np.array([[0, 0], [10, 10], [10, 0], [0, 10]], float)])
    assert found.crossing
    assert found.area == pytest.approx(50)


def test_a_contour_drawn_twice_counts_once() -> None:
    found = border([disc(10), np.roll(disc(10), 7, axis=0)])
    assert found.repeated
    assert found.area == pytest.approx(np.pi * 100, rel=1e-6)


def test_neighbours_that_share_an_edge_add_up() -> None:
    found = border([square(10), square(10, 10, 0)])
    assert not found.crossing
    assert found.area == pytest.approx(200)


def test_two_points_enclose_nothing() -> None:
    assert border([np.zeros((2, 2))]).area == 0.0


points = st.tuples(st.integers(-50, 50), st.integers(-50, 50))


@settings(max_examples=60)
@given(st.lists(st.lists(points, min_size=3, max_size=8), max_size=3))
def test_strips_fill_whatever_is_drawn_as_a_pixel_count_does(drawn: list[list[tuple[int, int]]]) -> None:
    polygons = [np.array(points, float) / 10 for points in drawn]
    found = evenodd(polygons)
    step = 0.05
    middles = np.arange(-5, 5, step) + step / 2 + 1e-7
    x, y = np.meshgrid(middles, middles)
    inside = np.zeros(x.shape, bool)
    distinct = {np.unique(p, axis=0).tobytes(): p for p in reversed(polygons)}  # the first of each counts
    for polygon in distinct.values():
        for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            crosses = (y0 > y) != (y1 > y)
            with np.errstate(divide="ignore", invalid="ignore"):
                inside ^= crosses & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    assert found.area == pytest.approx(inside.sum() * step**2, abs=1.5)
    if found.area > 0.01:
        assert covered(found.edges) == pytest.approx(found.area, rel=1e-6)
