"""Figures of R112 on shapes whose answers are known, and the laws they obey."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planbank.contours import compare
from planbank.contours.surface import surface_of
from tests.contours.shapes import ball, body, box, cylinder, moved, ring

Z = np.arange(0.0, 30.0, 3.0)


def test_the_same_is_the_same() -> None:
    one = body(ball(20, 3))
    found = compare(one, one)
    assert found.dsc == pytest.approx(1, abs=1e-12)
    assert found.surface_dsc == pytest.approx(1, abs=1e-12)
    assert (found.hd95, found.hausdorff, found.mean_distance) == pytest.approx((0, 0, 0), abs=1e-9)
    assert found.added_path == 0
    assert found.shift == pytest.approx((0, 0, 0), abs=1e-9)
    assert len(found.slices) == 13


def test_boxes_that_are_moved() -> None:
    """20 x 20 x 30 mm moved by 5 mm: Dice 0.75; two of six faces are 5 mm off."""
    found = compare(body(box((0, 0), (20, 20), Z)), body(box((5, 0), (25, 20), Z)), tolerance=2)
    assert (found.reference_volume, found.volume, found.common) == pytest.approx((12, 12, 9), rel=1e-9)
    assert found.dsc == pytest.approx(0.75, rel=1e-9)
    assert found.shift == pytest.approx((5, 0, 0), abs=1e-9)
    assert found.hausdorff == pytest.approx(5, abs=0.1)
    assert found.hd95 == pytest.approx(5, abs=0.1)
    # One way, of 3200 mm2: the face beyond is 5 mm off, that inside as far as the nearest side; of the other
    # four sides the 5 mm that stick out lie 0 to 5 mm off, and all else lies on the other box.
    sides = 2 * 5 * 30 * 2.5 + 2 * 5 * 20 * 2.5
    assert found.mean_distance == pytest.approx((600 * 5 + sides + _inner(20, 30, 5)) / 3200, rel=0.03)
    assert all(s.dsc == pytest.approx(0.75) for s in found.slices)
    assert all(s.hd95 == pytest.approx(5, abs=0.26) for s in found.slices)


def test_a_line_that_bounds_nothing_is_no_slice() -> None:
    """A contour whose points lie on one line, on a slice of its own: drawn, and no area."""
    lines = [np.array([[0, 0, z], [10, 0, z], [20, 0, z]], float) for z in (30.0, 33.0)]
    whole = body(box((0, 0), (20, 20), Z))
    found = compare(whole, body([*box((0, 0), (20, 20), Z), *lines]))
    assert found.dsc == pytest.approx(1) and len(found.slices) == len(Z)
    nothing = compare(body(lines), body(lines))
    assert (nothing.dsc, nothing.hd95, nothing.slices) == (None, None, ())


def _inner(wide: float, tall: float, deep: float) -> float:
    """Integral over a face of the distance to the nearest of five sides: 5 mm on, or its own rim."""
    y, z = np.meshgrid(np.linspace(0, wide, 401), np.linspace(0, tall, 601))
    rim = np.minimum.reduce([y, wide - y, z, tall - z, np.full_like(y, deep)])
    return float(rim.mean() * wide * tall)


@pytest.mark.parametrize("spacing", [1.0, 3.0])
def test_balls_one_in_the_other(spacing: float) -> None:
    """Radii 20 and 23 mm: every point of both surfaces is 3 mm off; slices coarsen the poles."""
    found = compare(body(ball(20, spacing)), body(ball(23, spacing)), tolerance=3.5)
    assert found.mean_distance == pytest.approx(3, abs=0.06 * spacing)
    assert found.hd95 == pytest.approx(3, abs=0.4 * spacing)
    assert found.surface_dsc == pytest.approx(1, abs=0.02 * spacing)
    exact = 2 * 20**3 / (20**3 + 23**3)
    assert found.dsc == pytest.approx(exact, abs=0.01)
    strict = compare(body(ball(20, spacing)), body(ball(23, spacing)), tolerance=2.4)
    assert strict.surface_dsc == pytest.approx(0, abs=0.03 * spacing)


def test_a_ball_that_is_moved() -> None:
    """By d: a point whose normal makes the angle t with the way lies |d cos t| off, on average d / 2."""
    found = compare(body(ball(25, 1)), body(moved(ball(25, 1), (2, 0, 0))))
    assert found.mean_distance == pytest.approx(1, abs=0.05)
    assert found.hausdorff == pytest.approx(2, abs=0.1)
    assert found.hd95 == pytest.approx(2 * 0.95, abs=0.08)
    assert found.surface_dsc == pytest.approx(1, abs=0.001)


@pytest.mark.parametrize(("radius", "spacing"), [(20, 1.0), (20, 3.0), (60, 3.0), (5, 2.0)])
def test_points_stand_for_the_area_of_the_surface(radius: float, spacing: float) -> None:
    made = surface_of(body(ball(radius, spacing)))
    assert made.area == pytest.approx(4 * np.pi * radius**2, rel=0.02 + 0.35 * spacing / radius)
    tube = surface_of(body(cylinder(radius, np.arange(20) * spacing)))
    assert tube.area == pytest.approx(2 * np.pi * radius * (radius + 20 * spacing), rel=0.02)
    np.testing.assert_allclose(np.linalg.norm(made.normals, axis=1), 1, atol=1e-9)
    assert ((made.points * made.normals).sum(axis=1) > 0).all(), "outwards"


def test_a_hole_is_no_part_of_it_drawn_as_ring_or_keyhole() -> None:
    outer, inner = box((0, 0), (40, 40), Z), box((10, 10), (30, 30), Z)
    key = [np.concatenate([o, o[:1], i[:1], i[::-1], o[:1]]) for o, i in zip(outer, inner, strict=True)]
    two = body([*outer, *inner])
    assert compare(two, body(key)).dsc == pytest.approx(1, abs=1e-9)
    solid = compare(two, body(outer), tolerance=1)
    assert solid.dsc == pytest.approx(2 * 1200 / (1200 + 1600))
    assert solid.added_path == pytest.approx(80 * len(Z)), "the rim of the hole is to be drawn"


def test_nothing_drawn_has_no_distance() -> None:
    """A missing ROI is never 0 mm off."""
    one, none = body(ball(20, 3)), body([])
    for found in (compare(one, none), compare(none, one)):
        assert (found.dsc, found.surface_dsc) == (0, 0)
        assert (found.hd95, found.hausdorff, found.mean_distance, found.shift) == (None, None, None, None)
    assert compare(one, none).added_path > 0
    assert compare(none, one).added_path == 0
    both = compare(none, none)
    assert (both.dsc, both.surface_dsc, both.hd95, both.slices) == (None, None, None, ())


def test_far_apart() -> None:
    found = compare(body(ball(10, 2)), body(ball(10, 2, (100, 0, 0))))
    assert found.dsc == 0
    assert found.surface_dsc == 0
    assert found.hausdorff == pytest.approx(100, abs=1)


def test_slices_elsewhere_and_twice_as_many() -> None:
    """A TPS that resampled: the same ball on slices of 2 mm, half a slice off, is nearly the same."""
    found = compare(body(ball(25, 3)), body(ball(25, 2, (0, 0, 1))), tolerance=2)
    moved_back = compare(body(ball(25, 3)), body(moved(ball(25, 2, (0, 0, 1)), (0, 0, -1))), tolerance=2)
    assert found.dsc is not None
    assert found.dsc > 0.95
    assert moved_back.dsc is not None
    assert moved_back.dsc > 0.97
    assert moved_back.mean_distance == pytest.approx(0, abs=0.35)
    assert moved_back.added_path <= 0.2 * sum(2 * np.pi * np.hypot(*r[0, :2]) for r in ball(25, 3))


def test_two_parts_with_slices_missing_between() -> None:
    """The gap is not filled: its ends are surface."""
    low, high = np.arange(0.0, 12.0, 3.0), np.arange(30.0, 42.0, 3.0)
    rings = [*cylinder(10, low), *cylinder(10, high)]
    made = surface_of(body(rings))
    assert made.area == pytest.approx(2 * (2 * np.pi * 10 * 12 + 2 * np.pi * 100), rel=0.03)


def test_one_slice_alone_is_as_thick_as_the_images_are() -> None:
    one = body([ring(10, 0)], spacing=3)
    found = compare(one, body([ring(10, 0, (1, 0))], spacing=3))
    assert found.reference_volume == pytest.approx(np.pi * 0.3, rel=1e-3)
    assert found.hausdorff == pytest.approx(1, abs=0.1)


@settings(max_examples=12)
@given(
    radius=st.floats(6, 25),
    other=st.floats(6, 25),
    by=st.tuples(st.floats(-8, 8), st.floats(-8, 8), st.integers(-3, 3).map(lambda n: 3.0 * n)),
    to=st.tuples(st.floats(-200, 200), st.floats(-200, 200), st.integers(-60, 60).map(lambda n: 3.0 * n)),
)
def test_laws(
    radius: float, other: float, by: tuple[float, float, float], to: tuple[float, float, float]
) -> None:
    """Symmetric, bounded, and the same wherever the patient lies."""
    one, two = ball(radius, 3, points=60), moved(ball(other, 3, points=60), by)
    there, back = compare(body(one), body(two)), compare(body(two), body(one))
    away = compare(body(moved(one, to)), body(moved(two, to)))
    assert there.dsc is not None
    assert 0 <= there.dsc <= 1
    assert there.mean_distance is not None
    assert there.hd95 is not None
    assert there.hausdorff is not None
    assert there.surface_dsc is not None
    assert 0 <= there.surface_dsc <= 1
    assert there.mean_distance <= there.hausdorff + 1e-9
    assert there.hd95 <= there.hausdorff + 1e-9
    assert (back.dsc, back.hd95, back.mean_distance) == pytest.approx(
        (there.dsc, there.hd95, there.mean_distance), abs=1e-6
    )
    assert away.dsc == pytest.approx(there.dsc, abs=1e-6)
    assert away.hd95 == pytest.approx(there.hd95, abs=0.05)
    assert away.mean_distance == pytest.approx(there.mean_distance, abs=0.02)
