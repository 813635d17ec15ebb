"""Contours: on the slices they name, within the body, in the number a clinic draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from planbank.demo.patients import SyntheticPatient, part10
from tests.demo.patients.reading import contours, inside, of, one


def test_each_contour_lies_on_the_slice_it_names(patient: SyntheticPatient) -> None:
    heights = {ds.SOPInstanceUID: float(ds.ImagePositionPatient[2]) for ds in of(patient.objects, "CT")}
    seen = 0
    for roi in one(patient.objects, "RTSTRUCT").ROIContourSequence:
        for contour in roi.ContourSequence:
            z = np.array(contour.ContourData, dtype=float)[2::3]
            assert len(z) == contour.NumberOfContourPoints
            if contour.ContourGeometricType == "CLOSED_PLANAR":
                assert np.all(z == heights[contour.ContourImageSequence[0].ReferencedSOPInstanceUID])
                assert len(z) >= 4
                seen += 1
    assert seen > 150


def test_there_are_ten_to_thirty_rois_of_many_kinds(patient: SyntheticPatient) -> None:
    structure_set = one(patient.objects, "RTSTRUCT")
    assert 10 <= len(structure_set.StructureSetROISequence) <= 30
    kinds = {item.RTROIInterpretedType for item in structure_set.RTROIObservationsSequence}
    assert kinds >= {"EXTERNAL", "CTV", "PTV", "ORGAN", "ISOCENTER"}
    names = [roi.ROIName for roi in structure_set.StructureSetROISequence]
    assert len(set(names)) == len(names)


def test_organs_lie_within_the_body(patient: SyntheticPatient) -> None:
    structure_set = one(patient.objects, "RTSTRUCT")
    kinds = {
        item.ReferencedROINumber: item.RTROIInterpretedType
        for item in structure_set.RTROIObservationsSequence
    }
    names = {roi.ROINumber: roi.ROIName for roi in structure_set.StructureSetROISequence}
    (external,) = (number for number, kind in kinds.items() if kind == "EXTERNAL")
    body = contours(structure_set, names[external])
    for number, name in names.items():
        if kinds[number] in {"EXTERNAL", "SUPPORT", "ISOCENTER"}:
            continue
        for z, polygon in contours(structure_set, name):
            within = np.zeros(len(polygon), dtype=bool)
            for at, outline in body:
                if at == z:
                    within ^= inside(outline, polygon[:, 0], polygon[:, 1])
            assert within.mean() > 0.99, (name, z)


def test_contours_lie_within_the_picture(patient: SyntheticPatient) -> None:
    image = of(patient.objects, "CT")[0]
    low = np.array(image.ImagePositionPatient[:2], dtype=float) - 0.06
    high = low + float(image.PixelSpacing[0]) * (image.Columns - 1) + 0.12
    structure_set = one(patient.objects, "RTSTRUCT")
    for roi in structure_set.StructureSetROISequence:
        for _, polygon in contours(structure_set, roi.ROIName):
            assert np.all(polygon >= low)
            assert np.all(polygon <= high)


def test_the_bytes_hold_tenths_of_a_millimetre(patient: SyntheticPatient, tmp_path: Path) -> None:
    file = tmp_path / "structures.dcm"
    file.write_bytes(part10(one(patient.objects, "RTSTRUCT")))
    data = dcmread(file).ROIContourSequence[0].ContourSequence[0].ContourData
    assert all(value * 10 == pytest.approx(round(value * 10)) for value in data)
