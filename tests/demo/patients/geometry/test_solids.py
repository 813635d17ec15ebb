"""Solids as signed distances: exact where they can be, right in sign everywhere, within their boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.demo.patients.geometry.shapes import Shape, both_sides, shell, union
from planbank.demo.patients.geometry.solids import (
    capsule,
    ellipsoid,
    loft,
    plate,
    profile,
    rod,
    sleeve,
    stack,
)

AXIS = np.arange(-40, 41, 2.5, dtype=np.float32)
SOLIDS = {
    "ellipsoid": ellipsoid((3, -4, 5), (12, 20, 9)),
    "turned": ellipsoid((3, -4, 5), (6, 20, 9), turn=35),
    "capsule": capsule((-10, 0, -12), (8, 6, 14), 6, 9),
    "rod": rod([(-12, 0, -10), (0, 10, 0), (14, 2, 12)], 5),
    "loft": loft([(-20, 0, 0, 8, 12), (0, 3, 1, 14, 9), (18, 2, 0, 6, 6)], 2.5),
    "plate": plate([(-15, -10, -5, 12, 4, 3), (15, -8, 0, 14, 8, 5)]),
    "sleeve": sleeve([(-15, 0, 0, 14, 12), (15, 0, 0, 12, 12)], 2, -2),
    "waved": ellipsoid((0, 0, 0), (15, 12, 10)).waved(1.5, 20),
    "placed": ellipsoid((5, 0, 0), (9, 9, 9)).placed((1.1, 0.9, 1.0), (3, -2, 6)),
    "blended": ellipsoid((-6, 0, 0), (9, 9, 9)).blended(ellipsoid((8, 0, 0), (7, 7, 7)), 4),
}


def at(shape: Shape, x: float, y: float, z: float) -> float:
    one = (np.array([v], dtype=np.float32) for v in (x, y, z))
    return float(shape.on(*one)[0, 0, 0])


@pytest.mark.parametrize("name", sorted(SOLIDS))
def test_a_solid_lies_within_its_box(name: str) -> None:
    shape = SOLIDS[name]
    z, y, x = np.nonzero(shape.on(AXIS, AXIS, AXIS) < 0)
    assert len(z) > 20
    for axis, index in enumerate((x, y, z)):
        assert shape.lo[axis] <= AXIS[index].min()
        assert AXIS[index].max() <= shape.hi[axis]


@given(
    point=st.tuples(*[st.floats(-60, 60)] * 3),
    radius=st.floats(3, 40),
    centre=st.tuples(*[st.floats(-20, 20)] * 3),
)
def test_a_sphere_is_exact(
    point: tuple[float, float, float], radius: float, centre: tuple[float, float, float]
) -> None:
    truth = float(np.linalg.norm(np.subtract(point, centre))) - radius
    # Near the centre the formula is off by a thousandth of the radius; nothing is drawn there.
    assert at(ellipsoid(centre, (radius,) * 3), *point) == pytest.approx(truth, abs=2e-3 * radius + 1e-3)


@given(
    point=st.tuples(*[st.floats(-30, 30)] * 3),
    radii=st.tuples(*[st.floats(4, 20)] * 3),
)
def test_an_ellipsoid_has_the_right_sign(
    point: tuple[float, float, float], radii: tuple[float, float, float]
) -> None:
    level = sum((p / r) ** 2 for p, r in zip(point, radii, strict=True))
    if abs(level - 1) > 0.01:
        assert (at(ellipsoid((0, 0, 0), radii), *point) < 0) == (level < 1)


def test_loft_is_exact_on_its_axis_and_deep_inside() -> None:
    cylinder = loft([(-50, 0, 0, 20, 20), (50, 0, 0, 20, 20)], 2.4)
    assert at(cylinder, 20, 0, 0) == pytest.approx(0, abs=1e-3)
    assert at(cylinder, 0, 0, 0) < -15
    assert at(cylinder, 0, 0, 55) == pytest.approx(5, abs=1e-3)


def test_combinations() -> None:
    a, b = ellipsoid((0, 0, 0), (10, 10, 10)), ellipsoid((8, 0, 0), (6, 6, 6))
    for shape, inside, outside in (
        (a | b, (13, 0, 0), (15, 0, 0)),
        (a & b, (6, 0, 0), (-6, 0, 0)),
        (a - b, (-6, 0, 0), (6, 0, 0)),
        (union([a, b]), (13, 0, 0), (0, 12, 0)),
        (a.grown(3), (12, 0, 0), (14, 0, 0)),
        (a.cut(x_hi=0), (-6, 0, 0), (6, 0, 0)),
        (b.mirrored(), (-12, 0, 0), (12, 0, 0)),
        (both_sides(b), (-12, 0, 0), (0, 8, 0)),
        (shell(a, 2, -2), (11, 0, 0), (0, 0, 5)),
    ):
        assert at(shape, *inside) < 0 < at(shape, *outside)


def test_a_stack_repeats() -> None:
    layers = stack(20, 8, start=3)
    for z, within in ((3, True), (23, True), (-17, True), (13, False), (33, False)):
        assert (at(layers, 0, 0, z) < 0) == within


def test_a_profile_meets_its_knots_and_never_overshoots() -> None:
    rows = [(0, 1.0), (10, 5.0), (20, 5.0), (30, 2.0)]
    read = profile(rows)
    (values,) = read(np.array([row[0] for row in rows], dtype=np.float32))
    assert values == pytest.approx([row[1] for row in rows], abs=1e-5)
    (dense,) = read(np.linspace(-10, 40, 501, dtype=np.float32))
    assert dense.min() >= 1 - 1e-5
    assert dense.max() <= 5 + 1e-5
