"""Image planes, and stacks with what is missing from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from planbank.dicom.encoding import IMPLICIT_LITTLE, split_file
from planbank.dicom.images import ImagePlane, modal_spacing, read_image
from tests.dicom import sets
from tests.dose.phantoms import encode


def plane(z: float, **more: Any) -> ImagePlane:
    ds = Dataset()
    ds.SOPInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = f"1.{abs(z)}", "1.2", "1.3"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, z], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.Rows, ds.Columns = [2, 1], 4, 5
    for keyword, value in more.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return read_image(encode(ds), IMPLICIT_LITTLE)


def test_where_an_image_lies() -> None:
    found = plane(-7.5, ImageOrientationPatient=[-1, 0, 0, 0, 1, 0])
    assert found.position == 7.5
    assert (found.spacing, found.rows, found.columns) == ((2.0, 1.0), 4, 5)
    assert found.findings == ()
    assert not found.localiser


@pytest.mark.parametrize("element", ["ImagePositionPatient", "ImageOrientationPatient"])
def test_an_image_without_a_place_is_a_finding(element: str) -> None:
    found = plane(1, **{element: None})
    assert [finding.code for finding in found.findings] == ["image-no-geometry"]


def test_modal_spacing() -> None:
    assert modal_spacing([0, 3, 6, 12]) == pytest.approx(3)
    assert modal_spacing([0, 2.999, 6.001]) == pytest.approx(3, abs=0.01)
    assert modal_spacing(np.array([0.0, 5.0, 8.0])) == pytest.approx(3)
    assert modal_spacing([1.0]) is None


def test_real_series(shared_data: Path) -> None:
    members = sets.files(shared_data / "alderson-pelvis-vmat-raystation.tar.xz", "/CT")
    planes = [read_image(data, syntax) for syntax, data in map(split_file, members.values())]
    places = sorted(one.position or 0.0 for one in planes)
    assert (len(planes), modal_spacing(places)) == (160, pytest.approx(2.0))
    assert {len(one.marks) for one in planes} == {6}


def test_an_enhanced_image_is_placed_by_its_functional_groups() -> None:
    frame, shared, position, orientation, measures = (Dataset() for _ in range(5))
    position.ImagePositionPatient = [1, 2, 3]
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing = [0.5, 0.5]
    frame.PlanePositionSequence = [position]
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    ds = Dataset()
    ds.SOPInstanceUID, ds.NumberOfFrames = "1", 30
    ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence = [shared], [frame]
    found = read_image(encode(ds), IMPLICIT_LITTLE)
    assert (found.position, found.spacing, found.frames) == (3.0, (0.5, 0.5), 30)
