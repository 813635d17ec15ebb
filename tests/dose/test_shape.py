"""The shape between planes: right wherever the covariance of a cross-section is quadratic in height."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planbank.dose.engine import Dvh, dvh
from planbank.dose.metrics import evaluate
from tests.dose import phantoms
from tests.dose.phantoms import linear, opened_dose, opened_structure_set

phases = st.floats(0.0, 0.99)


def of(contours: list[np.ndarray], gradient: tuple[float, float, float] = (0, 0, 0)) -> Dvh:
    return dvh(opened_structure_set({"body": contours}), opened_dose(linear(gradient)))[0]


@settings(max_examples=25)
@given(st.floats(8.0, 20.0), st.sampled_from([1.0, 2.0, 3.0]), phases)
def test_a_sphere_has_its_volume_wherever_its_slices_lie(radius: float, spacing: float, phase: float) -> None:
    found = of(phantoms.sphere(radius, spacing, phase))
    assert found.volume_cc == pytest.approx(4 / 3 * np.pi * radius**3 / 1000, rel=2e-3)


@settings(max_examples=15)
@given(phases, st.tuples(*[st.floats(-1, 1)] * 3))
def test_the_hottest_part_of_a_sphere_is_found(phase: float, way: tuple[float, float, float]) -> None:
    steep = float(np.linalg.norm(way))
    found = of(phantoms.sphere(12, 3.0, phase), way)
    at_least = phantoms.ball_at_least(12, max(steep, 1e-9), 30)
    for cc in (0.03, 1.0):
        truth = phantoms.dose_to(at_least, cc * 1000, 0, 60)
        assert evaluate(f"D{cc}cc", found).value == pytest.approx(truth, abs=0.08)


@settings(max_examples=15)
@given(phases)
def test_a_lying_cylinder_ends_where_it_does(phase: float) -> None:
    contours = []
    for z in phantoms.heights(-12, 12, 3.0, phase):
        y = float(np.sqrt(144 - z * z))
        if y > 0.05:
            contours.append(np.array([[-15, -y, z], [15, -y, z], [15, y, z], [-15, y, z]]))
    assert of(contours).volume_cc == pytest.approx(np.pi * 144 * 30 / 1000, rel=3e-3)


@settings(max_examples=15)
@given(phases)
def test_a_double_cone_ends_at_its_tips(phase: float) -> None:
    profile = lambda z: 12 - np.abs(z) / 2  # noqa: E731
    found = of(phantoms.solid(profile, -24, 24, 3.0, phase))
    assert found.volume_cc == pytest.approx(2 * np.pi * 144 * 24 / 3 / 1000, rel=0.01)


def test_two_planes_of_a_small_ball() -> None:
    assert of(phantoms.sphere(4, 3.0, 0.5)).volume_cc == pytest.approx(4 / 3 * np.pi * 64 / 1000, rel=5e-3)


def test_a_body_that_divides_keeps_its_volume() -> None:
    stem = [phantoms.circle(20, z) for z in (0.0, 3.0, 6.0)]
    legs = [phantoms.circle(6, z, (x, 0)) for z in (9.0, 12.0) for x in (-10, 10)]
    expected = np.pi * (400 * 9 + 2 * 36 * 6) / 1000
    assert of(stem + legs).volume_cc == pytest.approx(expected, rel=1e-6)


def test_planes_that_do_not_overlap_are_slabs() -> None:
    apart = [phantoms.circle(5, 0.0, (-10, 0)), phantoms.circle(5, 3.0, (10, 0))]
    assert of(apart).volume_cc == pytest.approx(2 * np.pi * 25 * 3 / 1000, rel=1e-6)


def test_a_peak_between_voxels_keeps_its_height_and_an_edge_does_not_ring() -> None:
    ball = opened_structure_set({"ball": phantoms.sphere(5, 1.0, 0.5)})
    peak = opened_dose(lambda p: 60 * np.exp(-(p**2).sum(-1) / 128), spacing=(3, 3, 3), shift=(1.5, 1.5, 1.5))
    cubic, straight = dvh(ball, peak)[0], dvh(ball, peak, interpolation="trilinear")[0]
    assert cubic.max_gy == pytest.approx(60, abs=1.0)
    assert straight.max_gy is not None and straight.max_gy < 57
    edge = opened_dose(lambda p: np.where(p[..., 0] > 0.1, 50.0, 10.0), spacing=(2, 2, 2))
    found = dvh(ball, edge)[0]
    assert found.min_gy is not None and found.min_gy >= 10 - 1e-3
    assert found.max_gy is not None and found.max_gy <= 50 + 1e-3
