"""Structure sets: counted from bytes, read with their points, empty ROIs told (R26, R84)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from planbank.dicom.encoding import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE
from planbank.dicom.structure_set import read_structure_set, summarise, summarise_structure_set
from tests.dicom import sets
from tests.dose import phantoms

SYNTAXES = [IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG]


@pytest.mark.parametrize(
    "name", ["alderson-pelvis-vmat-raystation", "breast-boost-dicompyler", "dcpt-headphantom-proton-nodose"]
)
def test_real_ones_are_counted_and_read_as_pydicom_does(shared_data: Path, name: str) -> None:
    archive = shared_data / f"{name}.tar.xz"
    part = {"breast-boost-dicompyler": "rtss"}.get(name, "/RS")
    data, syntax = sets.one(archive, part)
    ds = pydicom.dcmread(pydicom.filebase.DicomBytesIO(data), force=True)
    theirs = {
        item.ReferencedROINumber: [c.NumberOfContourPoints for c in item.get("ContourSequence", [])]
        for item in ds.ROIContourSequence
    }
    summaries = {roi.number: roi for roi in summarise(data, syntax)}
    names = {item.ROINumber: str(item.ROIName) for item in ds.StructureSetROISequence}
    assert {number: roi.name for number, roi in summaries.items()} == names
    opened = read_structure_set(data, syntax)
    for roi in opened.rois:
        counts = theirs.get(roi.number, [])
        assert summaries[roi.number].contour_count == len(counts)
        assert summaries[roi.number].point_count == sum(counts)
        assert [len(points) for points in roi.contours] == counts
    assert opened.findings == ()


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("undefined", [False, True])
def test_every_encoding_gives_the_same_points(syntax: str, undefined: bool) -> None:
    drawn = phantoms.sphere(8, 3)
    ds = phantoms.make_structure_set({"Hjerte": drawn, "tom": []}, interpreted={"Hjerte": "ORGAN"})
    for item in ds.ROIContourSequence:
        item.is_undefined_length_sequence_item = undefined
        if "ContourSequence" in item:
            item["ContourSequence"].is_undefined_length = undefined
    ds["ROIContourSequence"].is_undefined_length = undefined
    data = phantoms.encode(ds, syntax)
    heart = read_structure_set(data, syntax).roi("Hjerte")
    assert (heart.type, heart.colour, heart.number) == ("ORGAN", (255, 0, 0), 1)
    np.testing.assert_allclose(heart.contours.points, np.concatenate(drawn), atol=1e-8)
    summary = summarise_structure_set(data, syntax)
    assert [roi.empty for roi in summary.rois] == [False, True]
    assert summary.frame_of_reference_uids == (phantoms.FRAME,)


def test_every_way_of_being_empty() -> None:
    ds = phantoms.make_structure_set({"no points": [phantoms.circle(1, 0)], "no item": [], "not listed": []})
    ds.ROIContourSequence[0].ContourSequence[0].ContourData = None
    del ds.ROIContourSequence[1]
    rois = summarise(phantoms.encode(ds), IMPLICIT_LITTLE)
    assert [roi.empty for roi in rois] == [True, True, True]
    assert rois[0].contour_count == 1


def test_a_point_is_counted_as_one() -> None:
    ds = phantoms.make_structure_set({"marker": [np.array([[1.0, 2, 3]])]}, kind="POINT")
    (roi,) = summarise(phantoms.encode(ds), IMPLICIT_LITTLE)
    assert (roi.point_count, roi.geometric_types, roi.empty) == (1, ("POINT",), False)


def test_unreadable_contours_are_left_out_with_a_finding() -> None:
    ds = phantoms.make_structure_set({"a": phantoms.sphere(8, 3)})
    whole = phantoms.encode(ds)
    (start,) = [whole.index(b"-6\\")][:1]
    damaged = whole[:start] + b"x" + whole[start + 1 :]
    found = read_structure_set(damaged, IMPLICIT_LITTLE)
    assert found.rois[0].contours.unreadable == 1
    assert len(found.rois[0].contours) == len(phantoms.sphere(8, 3)) - 1
    assert [finding.code for finding in found.findings] == ["contour-unreadable"]


def test_numbers_twice_and_contours_of_nobody_are_findings() -> None:
    ds = phantoms.make_structure_set({"a": phantoms.sphere(8, 3), "b": []})
    ds.StructureSetROISequence[1].ROINumber = 1
    ds.ROIContourSequence[1].ReferencedROINumber = 9
    summary = summarise_structure_set(phantoms.encode(ds), IMPLICIT_LITTLE)
    assert [roi.name for roi in summary.rois] == ["a"]
    assert {finding.code for finding in summary.findings} == {"roi-number-twice", "roi-not-listed"}


def test_nothing_at_all() -> None:
    ds = phantoms.make_structure_set({})
    summary = summarise_structure_set(phantoms.encode(ds), IMPLICIT_LITTLE)
    assert {finding.code for finding in summary.findings} == {
        "structure-set-no-rois",
        "structure-set-no-frame",
    }


def test_only_the_rois_asked_for() -> None:
    ds = phantoms.make_structure_set({"a": phantoms.sphere(8, 3), "b": phantoms.sphere(5, 3)})
    found = read_structure_set(phantoms.encode(ds), IMPLICIT_LITTLE, rois={2})
    assert [roi.name for roi in found.rois] == ["b"]
    with pytest.raises(KeyError):
        found.roi("a")
