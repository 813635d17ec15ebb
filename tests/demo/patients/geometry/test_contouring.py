"""Contours of known solids: their area, their planes, their holes."""

from __future__ import annotations

import numpy as np
import pytest

from planbank.demo.patients.geometry.contouring import area, draw_contours
from planbank.demo.patients.geometry.solids import ellipsoid, loft

PLANES = np.arange(-30, 31, 5, dtype=np.float32)


def test_a_cylinder_has_its_area_on_each_plane_it_meets() -> None:
    drawn = draw_contours(loft([(-11, 4, -3, 15, 15), (11, 4, -3, 15, 15)]), PLANES, 1.5)
    assert [PLANES[k] for k, _ in drawn] == [-10, -5, 0, 5, 10]
    for _, polygon in drawn:
        assert abs(area(polygon)) == pytest.approx(np.pi * 225, rel=0.01)
        assert polygon.mean(axis=0) == pytest.approx([4, -3], abs=0.2)


def test_points_are_tenths_of_a_millimetre_and_never_repeated() -> None:
    drawn = draw_contours(ellipsoid((0.3, 0.7, 0), (12.3, 9.1, 14)), PLANES, 1)
    assert drawn
    for _, polygon in drawn:
        assert np.array_equal(polygon, np.round(polygon, 1))
        assert np.all(np.any(polygon != np.roll(polygon, 1, axis=0), axis=1))


def test_a_hole_is_a_contour_of_its_own() -> None:
    ring = ellipsoid((0, 0, 0), (20, 20, 8)) - ellipsoid((0, 0, 0), (8, 8, 20))
    polygons = [polygon for k, polygon in draw_contours(ring, PLANES, 1) if PLANES[k] == 0]
    sizes = sorted(abs(area(polygon)) for polygon in polygons)
    assert sizes == pytest.approx([np.pi * 64, np.pi * 400], rel=0.02)


def test_outside_the_planes_there_is_nothing() -> None:
    assert draw_contours(ellipsoid((0, 0, 100), (5, 5, 5)), PLANES, 1) == []
