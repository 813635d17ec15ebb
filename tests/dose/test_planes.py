"""Contours sorted into planes, whichever way the images lay."""

from __future__ import annotations

import numpy as np
import pytest

from planbank.dicom.contours import Contours
from planbank.dicom.geometry import axes_of
from planbank.dose.planes import sort_into_planes
from tests.dose import phantoms


def contours(arrays: list[np.ndarray], types: list[str] | None = None) -> Contours:
    offsets = np.cumsum([0, *(len(array) for array in arrays)])
    kinds = tuple(types or ["CLOSED_PLANAR"] * len(arrays))
    return Contours(np.concatenate(arrays), offsets, kinds, ("",) * len(arrays))


def test_contours_are_grouped_by_position_in_ascending_order() -> None:
    drawn = [phantoms.circle(5, z, (x, 0)) for z, x in ((6, 0), (0, 0), (3.004, 20), (3, 0))]
    planes = sort_into_planes(contours(drawn))
    assert planes.positions == pytest.approx([0, 3.002, 6])
    assert [len(plane.polygons) for plane in planes.planes] == [1, 2, 1]


@pytest.mark.parametrize("orientation", ["sagittal", (0.8, 0, 0.6, 0, 1, 0)])
def test_planes_that_are_not_axial_are_found(orientation: str | tuple[float, ...]) -> None:
    turn = phantoms.axes_of(orientation)
    drawn = [phantoms.circle(5, z) @ turn for z in (-2.0, 0.0, 2.0)]
    planes = sort_into_planes(contours(drawn))
    assert np.abs(np.sort(planes.positions * np.sign(planes.axes.normal @ turn[2]))) == pytest.approx(
        [2, 0, 2]
    )
    assert abs(planes.axes.normal @ turn[2]) == pytest.approx(1)
    assert planes.flags == ()


def test_preferred_axes_are_kept_where_contours_are_flat_in_them() -> None:
    axes = axes_of((-1, 0, 0, 0, -1, 0))
    assert axes is not None
    assert sort_into_planes(contours([phantoms.circle(5, 1.0)]), axes).axes is axes


def test_what_encloses_nothing_is_reported() -> None:
    point, line = np.zeros((1, 3)), np.array([[0, 0, 0], [1, 0, 0]], float)
    drawn = [phantoms.circle(5, 0), point, phantoms.circle(3, 0), line]
    planes = sort_into_planes(contours(drawn, ["CLOSED_PLANAR", "POINT", "OPEN_PLANAR", "CLOSED_PLANAR"]))
    assert set(planes.flags) == {"points", "open-contours", "degenerate-contours"}
    assert [len(plane.polygons) for plane in planes.planes] == [1]


def test_a_contour_that_leaves_its_plane_is_left_out() -> None:
    bent = phantoms.circle(5, 9)
    bent[::2, 2] += 2
    planes = sort_into_planes(contours([phantoms.circle(5, 0), phantoms.circle(5, 3), bent]))
    assert planes.positions == pytest.approx([0, 3])
    assert "not-planar" in planes.flags


def test_nothing_drawn() -> None:
    assert sort_into_planes(Contours(np.empty((0, 3)), np.zeros(1, int), (), ())).planes == ()
