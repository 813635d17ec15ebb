"""Planes through a point: pixels and contours stand where the marker stands (R100; ui.md, check 7)."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest

from planbank.scene.bundle.opened import Volume
from planbank.scene.cuts import across, along
from planbank.scene.three_planes import pixels_on, planes_of

HFS, HFP = (1.0, 0, 0, 0, 1, 0), (-1.0, 0, 0, 0, -1, 0)
FFS, FFP = (-1.0, 0, 0, 0, 1, 0), (1.0, 0, 0, 0, -1, 0)
MARKER = np.array([12.0, -7.0, 31.0])


def volume(cosines: tuple[float, ...], positions: Any, size: int = 81) -> Volume:
    """A blob of 6 mm around the marker in a volume of 1 mm pixels, wherever it looks."""
    row, column = np.array(cosines[:3]), np.array(cosines[3:])
    normal = np.cross(row, column)
    middle = (size - 1) / 2
    places = np.asarray(positions, float)
    origin = MARKER + np.array([3.3, 4.4, 0]) - middle * (row + column) - normal * places[len(places) // 2]
    j, i = np.indices((size, size))
    slices, blob = [], b""
    for place in places:
        points = origin + i[..., None] * row + j[..., None] * column + place * normal
        value = 1000 * np.exp(-((points - MARKER) ** 2).sum(axis=-1) / 72)
        left = np.rint(value).astype("<i2")
        left[:, 1:] -= np.rint(value).astype("<i2")[:, :-1]
        data = zlib.compress(left.tobytes())
        slices.append([len(blob), len(data)])
        blob += data
    about = {
        "rows": size,
        "columns": size,
        "spacing": [1.0, 1.0],
        "origin": origin.tolist(),
        "row": row.tolist(),
        "column": column.tolist(),
        "normal": normal.tolist(),
        "positions": (places - places[0]).tolist(),
        "thickness": 2.0,
        "slope": 1.0,
        "intercept": 0.0,
        "slices": slices,
    }
    about["origin"] = (origin + places[0] * normal).tolist()
    return Volume(about, lambda offset, length: blob[offset : offset + length])


EVEN = np.arange(-20, 21) * 2.0
UNEVEN = np.cumsum([0, *([1.5, 3.0, 2.0] * 10)])


@pytest.mark.parametrize("cosines", [HFS, HFP, FFS, FFP], ids=["HFS", "HFP", "FFS", "FFP"])
@pytest.mark.parametrize("positions", [EVEN, UNEVEN], ids=["even", "uneven"])
def test_a_marker_is_where_it_is_in_all_three_planes(cosines: Any, positions: Any) -> None:
    there = volume(cosines, positions)
    planes = planes_of(there.about, MARKER)
    assert [plane.name for plane in planes] == ["axial", "coronal", "sagittal"]
    for plane in planes:
        values = np.nan_to_num(pixels_on(there, plane.frame))
        y, x = np.indices(values.shape)
        weight = np.where(values > 300, values, 0)
        found = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
        wanted = plane.frame.to_pixels(MARKER[None])[0]
        assert np.abs(found - wanted).max() <= 0.5
        if plane.name != "axial":
            assert plane.frame.axes.down[2] == -1, "the head is up"


def test_where_a_slice_is_missing_nothing_is_made_up() -> None:
    there = volume(HFS, [p for p in EVEN if not 5 < p < 15])
    coronal = planes_of(there.about, MARKER)[1]
    values = pixels_on(there, coronal.frame)
    empty = np.isnan(values).all(axis=1)
    assert 7 <= empty.sum() <= 11 and not empty[:20].any() and not empty[45:].any()


def ring(radius: float, z: float) -> np.ndarray[Any, Any]:
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    return MARKER + np.stack([radius * np.cos(turn), radius * np.sin(turn), np.full(60, z)], axis=1)


def test_contours_across_slices_have_their_width_height_and_hole() -> None:
    there = volume(HFS, EVEN)
    axial, coronal, _sagittal = planes_of(there.about, MARKER)
    tube = [ring(r, z) for z in np.arange(-10, 11, 2.0) + 0.01 for r in (12.0, 5.0)]
    lines = across(tube, coronal.frame, 2.0)
    points = np.concatenate(lines)
    middle = coronal.frame.to_pixels(MARKER[None])[0]
    low, high = points.min(axis=0) - middle, points.max(axis=0) - middle
    assert np.abs([low[0] + 12, high[0] - 12]).max() <= 0.1
    assert np.abs([low[1] + 11, high[1] - 11]).max() <= 0.1, "half a slice beyond each end"
    level = points[np.abs(points[:, 1] - middle[1]) < 4]
    assert np.abs(level[:, 0] - middle[0]).min() >= 4.5, "the hole stays a hole"
    drawn = along(tube, axial.frame, 1.0)
    assert len(drawn) == 2, "contours 0.01 mm off their slice are drawn on it"
    assert along([ring(9, 30.0)], axial.frame, 1.0) == []
