"""The faults of other tools that must not be ours, one by one, by name (dose.md; R73, R74).

Each phantom is real DICOM with an answer known on paper; each test fails by a wide margin where the
fault is there. The figures named are what others were measured at.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from planbank.demo.patients import make_patient
from planbank.dicom.images import read_image
from planbank.dose.engine import Dvh, dvh
from planbank.dose.metrics import evaluate
from planbank.scene.plane import frame_of
from tests.dose import phantoms
from tests.dose.phantoms import linear, opened_dose, opened_structure_set
from tests.sending import encoded

HEIGHTS = np.arange(-12, 13, 3.0)
LENGTH = 27.0
SPACING: list[tuple[float, float, float]] = [(1, 1, 1), (3, 3, 3), (2, 3, 5)]


def tube(radius: float, x: float = 0.0, heights: Any = HEIGHTS) -> list[np.ndarray]:
    return [phantoms.circle(radius, z, (x, 0)) for z in heights]


def value(metric: str, found: Dvh) -> float:
    got = evaluate(metric, found).value
    assert got is not None, metric
    return got


@pytest.mark.parametrize("spacing", SPACING)
def test_d95_is_not_zero_on_a_dvh_that_would_be_a_staircase(spacing: tuple[float, float, float]) -> None:
    """Few voxels, a steep dose: by samples alone the curve is stairs, and D95 falls off the last one."""
    found = dvh(opened_structure_set({"a": tube(3)}), opened_dose(linear((2, 0, 0), 40), spacing=spacing))[0]
    doses = [value(f"D{percent}%", found) for percent in (99, 97, 95, 90, 50, 5)]
    assert 34.0 < doses[2] < 37.0
    assert all(one < other for one, other in pairwise(doses)), "no two alike"


@pytest.mark.parametrize("radius", [1.5, 8.0])
def test_a_single_slice_has_a_dvh(radius: float) -> None:
    """Others give an empty one. Its thickness is the structure set's spacing."""
    rois = {"one": [phantoms.circle(radius, 3.0)], "many": tube(5, 20)}
    found = dvh(opened_structure_set(rois), opened_dose(linear((0.5, 0, 0)), extent=(70, 60, 60)))[0]
    assert found.volume_cc == pytest.approx(np.pi * radius**2 * 3 / 1000, rel=1e-6)
    assert found.mean_gy == pytest.approx(30, abs=1e-3)
    assert "lone-slice" in found.flags


@pytest.mark.parametrize("drawn", ["two contours", "keyhole"])
def test_holes_are_not_filled(drawn: str) -> None:
    """+29 % elsewhere."""
    outer, inner = tube(20), tube(10)
    contours = [c for pair in zip(outer, inner, strict=True) for c in pair]
    if drawn == "keyhole":
        contours = [phantoms.keyhole(a, b) for a, b in zip(outer, inner, strict=True)]
    found = dvh(opened_structure_set({"ring": contours}), opened_dose(linear((0, 0, 0), 20)), end_caps="slab")
    assert found[0].volume_cc == pytest.approx(np.pi * 300 * LENGTH / 1000, rel=1e-4)


def test_overlapping_contours_are_xor_and_not_or() -> None:
    """Two squares that share a quarter: the shared part is outside (PS3.3, C.8.8.6.3)."""
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], float)
    contours = [np.column_stack([square + d, np.full(4, z)]) for z in HEIGHTS for d in (0.0, 5.0)]
    structure_set = opened_structure_set({"a": contours}, kind="CLOSEDPLANAR_XOR")
    found = dvh(structure_set, opened_dose(linear((0, 0, 0), 20)), end_caps="slab")[0]
    assert found.volume_cc == pytest.approx(150 * LENGTH / 1000, rel=1e-6)
    assert "crossing" in found.flags


@pytest.mark.parametrize("radius", [3.0, 6.0, 12.0])
@pytest.mark.parametrize("voxel", [1.0, 2.5])
def test_the_edge_of_a_mask_is_not_counted_in(radius: float, voxel: float) -> None:
    """Masks that take every touched pixel add 8 % at 12 pixels' radius, 45 % at 3; exact coverage nothing."""
    dose = opened_dose(linear((0, 0, 0), 20), spacing=(voxel,) * 3)
    found = dvh(opened_structure_set({"a": tube(radius)}), dose, end_caps="slab")[0]
    assert found.volume_cc == pytest.approx(np.pi * radius**2 * LENGTH / 1000, rel=1e-6)


def test_end_caps_are_there() -> None:
    """Without them a sphere of 5 mm on slices of 3 mm loses 23 % on average over where its slices lie."""
    truth = 4 / 3 * np.pi * 125 / 1000
    dose = opened_dose(linear((0, 0, 0), 20))
    volumes = []
    for phase in np.arange(0, 1, 0.125):
        contours = phantoms.sphere(5, 3, phase)
        volumes.append(dvh(opened_structure_set({"a": contours}), dose)[0].volume_cc)
    assert np.mean(volumes) == pytest.approx(truth, rel=0.02)
    assert min(volumes) > 0.9 * truth


def test_tissue_outside_the_dose_grid_is_not_given_the_dose_of_the_covered() -> None:
    """Half a cylinder is outside: V30 % of the whole is half, and D95 is not known."""
    dose = opened_dose(linear((0.5, 0, 0), 40), extent=(40, 60, 60), centre=(20, 0, 0))
    found = dvh(opened_structure_set({"a": tube(12)}), dose, end_caps="slab")[0]
    assert found.outside_cc == pytest.approx(found.volume_cc / 2, rel=1e-3)
    covered = evaluate("V39Gy", found)
    assert (covered.value, covered.reason) == (pytest.approx(50, abs=0.1), "outside")
    assert evaluate("D95%", found).value is None
    assert "partly-outside" in found.flags


def test_the_volume_does_not_depend_on_the_dose_grid() -> None:
    structure_set = opened_structure_set({"a": phantoms.sphere(7, 2, 0.4)})
    volumes = [
        dvh(structure_set, opened_dose(linear((0.2, 0, 0), 20), spacing=spacing, shift=shift))[0].volume_cc
        for spacing in SPACING
        for shift in ((0, 0, 0), (0.9, 0.3, 1.7))
    ]
    assert volumes == pytest.approx([volumes[0]] * len(volumes), rel=2e-3)


@pytest.mark.parametrize("offset", [0.0, 0.4, 1.0, 1.5])
def test_contours_between_dose_planes_take_the_dose_between_them(offset: float) -> None:
    """Contour planes 3 mm apart, dose planes 3 mm apart, moved by `offset`; others take the nearest plane."""
    dose = opened_dose(linear((0, 0, 1)), spacing=(2, 2, 3), shift=(0, 0, offset), extent=(60, 60, 66))
    found = dvh(opened_structure_set({"a": tube(8)}), dose, end_caps="slab")[0]
    assert found.mean_gy == pytest.approx(30, abs=1e-3)
    assert value("D50%", found) == pytest.approx(30, abs=0.02)
    assert value("D95%", found) == pytest.approx(30 - 0.45 * LENGTH, abs=0.03)


@pytest.mark.parametrize("orientation", [*phantoms.ORIENTATIONS])
def test_any_orientation_gives_what_hfs_gives(orientation: str) -> None:
    """A body off centre in a dose that differs along all three axes: any flip or swap shows."""
    structure_set = opened_structure_set({"a": tube(6, 9)})
    at = linear((0.7, 0.2, -0.4))
    found = dvh(
        structure_set, opened_dose(at, orientation=orientation, extent=(70, 66, 74)), end_caps="slab"
    )[0]
    assert found.outside_cc == 0.0
    assert found.mean_gy == pytest.approx(30 + 0.7 * 9, abs=1e-3)
    straight = dvh(structure_set, opened_dose(at), end_caps="slab")[0]
    for metric in ("D95%", "D50%", "D2%"):
        assert value(metric, found) == pytest.approx(value(metric, straight), abs=0.02)


def test_a_grid_that_is_not_square_is_not_transposed() -> None:
    """Rows are not columns: a dose that grows along x on a grid wide in x and short in y."""
    dose = opened_dose(linear((1, 0, 0)), extent=(60, 30, 60), spacing=(1, 3, 2))
    found = dvh(opened_structure_set({"a": tube(8)}), dose, end_caps="slab")[0]
    assert found.outside_cc == 0.0
    assert found.max_gy == pytest.approx(38, abs=0.05)
    assert found.mean_gy == pytest.approx(30, abs=1e-3)


def test_an_image_that_is_not_square_is_not_transposed() -> None:
    """Pixel Spacing is (between rows, between columns), and rows count down (PS3.3, C.7.6.2.1.1)."""
    ct = next(ds for ds in make_patient("prostate", seed=3).objects if ds.Modality == "CT")
    ct.Rows, ct.Columns, ct.PixelSpacing = 40, 60, [2.0, 1.0]
    ct.PixelData = np.zeros((40, 60), "<i2").tobytes()
    frame = frame_of(read_image(encoded(ct), "1.2.840.10008.1.2.1"))
    assert frame.shape == (40, 60)
    corner = frame.origin + 59 * 1.0 * frame.axes.across + 39 * 2.0 * frame.axes.down
    np.testing.assert_allclose(frame.to_pixels(corner[None]), [[59, 39]], atol=1e-9)
