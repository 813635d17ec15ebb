"""Polygon algebra: exact areas, whatever crosses, touches or coincides; shapely is the oracle."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.geometry import Polygon

from planbank.dose.coverage import cover
from planbank.dose.derived.overlay import area_of, overlay
from planbank.dose.nesting import border

UNION, MINUS, BOTH, EITHER = (
    np.array(rule) for rule in ([0, 1, 1, 1], [0, 1, 0, 0], [0, 0, 0, 1], [0, 1, 1, 0])
)
RULES = {"union": UNION, "difference": MINUS, "intersection": BOTH, "symmetric_difference": EITHER}


def star(seed: int, points: int, radius: float, x: float = 0.0, y: float = 0.0) -> NDArray[np.float64]:
    """A polygon without crossings, rough like a contour drawn by hand."""
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, points))
    reach = radius * rng.uniform(0.3, 1.0, points)
    return np.stack((x + reach * np.cos(angle), y + reach * np.sin(angle)), axis=1)


def box(x0: float, y0: float, x1: float, y1: float) -> NDArray[np.float64]:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], float)


def joined(rule: str, *polygons: NDArray[np.float64]) -> NDArray[np.float64]:
    return overlay([border([polygon]).edges for polygon in polygons], RULES[rule].astype(bool))


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=60)
@given(
    seeds=st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)),
    points=st.tuples(st.integers(3, 80), st.integers(3, 80)),
    shift=st.tuples(st.floats(-30, 30), st.floats(-30, 30)),
)
def test_areas_are_those_of_the_oracle(
    rule: str, seeds: tuple[int, int], points: tuple[int, int], shift: tuple[float, float]
) -> None:
    one, other = star(seeds[0], points[0], 20), star(seeds[1], points[1], 15, *shift)
    truth = getattr(shapely.make_valid(Polygon(one)), rule)(shapely.make_valid(Polygon(other))).area
    found = joined(rule, one, other)
    assert area_of(found) == pytest.approx(truth, abs=1e-6)
    cells = cover(found, (1.3, 0.9))
    assert cells is not None, "a lawful border: no cell is covered less than nothing or more than wholly"
    assert cells.area.sum() == pytest.approx(truth, abs=1e-4)


@settings(max_examples=60)
@given(corners=st.lists(st.tuples(*[st.integers(0, 6)] * 4), min_size=2, max_size=5))
def test_boxes_on_a_lattice_share_edges_and_corners_and_stay_exact(
    corners: list[tuple[int, int, int, int]],
) -> None:
    """Shared edges, touching corners and boxes drawn twice; counted square by square."""
    boxes = [(min(a, c), min(b, d), max(a, c) + 1, max(b, d) + 1) for a, b, c, d in corners]
    borders = [border([box(*one)]).edges for one in boxes]
    rule = np.random.default_rng(len(corners)).random(1 << len(boxes)) < 0.5
    rule[0] = False
    squares = 0
    for x in range(7):
        for y in range(7):
            inside = [a <= x < c and b <= y < d for a, b, c, d in boxes]
            squares += bool(rule[sum(1 << k for k, there in enumerate(inside) if there)])
    found = overlay(borders, rule)
    assert area_of(found) == pytest.approx(squares, abs=1e-9)
    assert len(found) == 0 or squares > 0, "no slivers of no area are left"


@settings(max_examples=40)
@given(seeds=st.tuples(st.integers(0, 999), st.integers(0, 999), st.integers(0, 999)))
def test_laws_of_sets(seeds: tuple[int, int, int]) -> None:
    one, other = star(seeds[0], 40, 20), star(seeds[1], 30, 18, 6, -4)
    area = {rule: area_of(joined(rule, one, other)) for rule in RULES}
    alone, beside = area_of(border([one]).edges), area_of(border([other]).edges)
    assert area["difference"] + area["intersection"] == pytest.approx(alone, abs=1e-7)
    assert area["union"] == pytest.approx(alone + beside - area["intersection"], abs=1e-7)
    for rule in ("union", "intersection", "symmetric_difference"):
        assert area_of(joined(rule, other, one)) == pytest.approx(area[rule], abs=1e-7)
    turned = [np.roll(polygon[::-1], seeds[2], axis=0) for polygon in (one, other)]
    assert area_of(joined("difference", *turned)) == pytest.approx(area["difference"], abs=1e-7)


def test_a_region_less_itself_is_nothing() -> None:
    polygon = star(3, 200, 20)
    assert len(joined("difference", polygon, polygon)) == 0
    assert len(joined("symmetric_difference", polygon, np.roll(polygon[::-1], 7, axis=0))) == 0
    assert area_of(joined("union", polygon, polygon)) == pytest.approx(area_of(border([polygon]).edges))


def test_a_ring_is_a_disc_less_a_disc() -> None:
    outer, inner = box(0, 0, 10, 10), box(3, 3, 7, 7)
    ring = joined("difference", outer, inner)
    assert area_of(ring) == 84.0
    drawn = border([outer, inner]).edges
    assert area_of(overlay([drawn, border([box(0, 0, 5, 10)]).edges], BOTH.astype(bool))) == 42.0


def test_nothing_joined_with_nothing() -> None:
    assert overlay([np.empty((0, 4)), np.empty((0, 4))], UNION.astype(bool)).shape == (0, 4)
    alone = border([box(0, 0, 2, 2)]).edges
    assert area_of(overlay([alone, np.empty((0, 4))], UNION.astype(bool))) == 4.0
    assert len(overlay([np.empty((0, 4)), alone], MINUS.astype(bool))) == 0
