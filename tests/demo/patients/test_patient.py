"""A complete patient: same bytes for a seed, valid objects, closed references, doses and sides that fit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from planbank.demo.patients import SITES, Site, SyntheticPatient, make_patient, part10
from tests.demo.patients.reading import contours, dose_axes, dose_gy, dose_within, hounsfield_within, of, one

CT = "1.2.840.10008.5.1.4.1.1.2"
CLASSES = {
    "CT": CT,
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "RTSTRUCT": "1.2.840.10008.5.1.4.1.1.481.3",
    "RTDOSE": "1.2.840.10008.5.1.4.1.1.481.2",
}
PLAN_CLASSES = {"1.2.840.10008.5.1.4.1.1.481.5", "1.2.840.10008.5.1.4.1.1.481.8"}
# Type 1 attributes of each object's modules, PS3.3 A.3, A.18 to A.20, A.49.
COMMON = ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality"]
REQUIRED = {
    "CT": [
        "ImageType", "PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient", "FrameOfReferenceUID",
        "SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated", "BitsStored",
        "HighBit", "PixelRepresentation", "RescaleIntercept", "RescaleSlope", "PixelData", "InstanceNumber",
        "PatientPosition",
    ],
    "MR": [
        "ImageType", "PixelSpacing", "ScanningSequence", "SequenceVariant", "MRAcquisitionType", "PixelData",
    ],
    "RTSTRUCT": [
        "StructureSetLabel", "StructureSetROISequence", "ROIContourSequence", "RTROIObservationsSequence",
        "ApprovalStatus",
    ],
    "RTPLAN": [
        "RTPlanLabel", "RTPlanGeometry", "ApprovalStatus", "FractionGroupSequence", "DoseReferenceSequence",
        "PatientSetupSequence", "ReferencedStructureSetSequence",
    ],
    "RTDOSE": [
        "DoseUnits", "DoseType", "DoseSummationType", "DoseGridScaling", "GridFrameOffsetVector",
        "NumberOfFrames", "FrameIncrementPointer", "ReferencedRTPlanSequence", "ImagePositionPatient",
        "PixelSpacing", "PixelData",
    ],
}  # fmt: skip


def digest(patient: SyntheticPatient) -> str:
    whole = hashlib.sha256()
    for ds in patient.objects:
        whole.update(part10(ds))
    return whole.hexdigest()


@pytest.mark.parametrize("site", SITES)
def test_the_same_seed_gives_the_same_bytes_and_another_does_not(site: Site) -> None:
    first = digest(make_patient(site, seed=3))
    assert digest(make_patient(site, seed=3)) == first
    assert digest(make_patient(site, seed=4)) != first


def test_every_object_survives_writing_and_reading(patient: SyntheticPatient) -> None:
    for ds in patient.objects:
        again = dcmread(BytesIO(part10(ds)))
        assert again.preamble == b"\0" * 128
        assert again.file_meta.MediaStorageSOPInstanceUID == again.SOPInstanceUID == ds.SOPInstanceUID
        images = ds.Modality in {"CT", "MR"}
        assert again.file_meta.TransferSyntaxUID.is_implicit_VR is not images
        assert again.PatientName == patient.name
        assert again.PatientID == patient.patient_id
        again.walk(lambda *_: None)  # decodes every element
        assert again == dcmread(BytesIO(part10(again)))


def test_uids_are_valid_unique_and_of_the_right_class(patient: SyntheticPatient) -> None:
    uids = [ds.SOPInstanceUID for ds in patient.objects]
    assert len(set(uids)) == len(uids)
    assert all(uid.is_valid and uid.startswith("2.25.") for uid in uids)
    for ds in patient.objects:
        if ds.Modality == "RTPLAN":
            assert ds.SOPClassUID in PLAN_CLASSES
        else:
            assert ds.SOPClassUID == CLASSES[ds.Modality]


def test_what_the_standard_requires_is_there(patient: SyntheticPatient) -> None:
    for ds in patient.objects:
        for keyword in [*COMMON, *REQUIRED[ds.Modality]]:
            assert keyword in ds, (ds.Modality, keyword)
            assert ds[keyword].VM > 0, (ds.Modality, keyword)
        for keyword in (
            "PatientBirthDate",
            "PatientSex",
            "StudyDate",
            "ReferringPhysicianName",
            "Manufacturer",
        ):
            assert keyword in ds


def test_references_are_closed(patient: SyntheticPatient) -> None:
    objects = patient.objects
    structure_set, plan, dose = (one(objects, m) for m in ("RTSTRUCT", "RTPLAN", "RTDOSE"))
    images = {ds.SOPInstanceUID for ds in of(objects, "CT")}
    assert len({ds.StudyInstanceUID for ds in objects}) == 1
    assert len({ds.FrameOfReferenceUID for ds in objects}) == 1
    frame = structure_set.ReferencedFrameOfReferenceSequence[0]
    series = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    assert frame.FrameOfReferenceUID == structure_set.FrameOfReferenceUID
    assert series.SeriesInstanceUID == of(objects, "CT")[0].SeriesInstanceUID
    assert {item.ReferencedSOPInstanceUID for item in series.ContourImageSequence} == images
    assert plan.ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID == structure_set.SOPInstanceUID
    assert dose.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID == plan.SOPInstanceUID
    assert dose.ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID == structure_set.SOPInstanceUID
    numbers = [roi.ROINumber for roi in structure_set.StructureSetROISequence]
    assert numbers == [item.ReferencedROINumber for item in structure_set.ROIContourSequence]
    assert numbers == [item.ReferencedROINumber for item in structure_set.RTROIObservationsSequence]
    assert {item.ReferencedROINumber for item in plan.DoseReferenceSequence} <= set(numbers)


def test_objects_come_in_sending_order(patient: SyntheticPatient) -> None:
    order = [ds.Modality for ds in patient.objects]
    ranks = [["CT", "MR", "RTSTRUCT", "RTPLAN", "RTDOSE"].index(modality) for modality in order]
    assert ranks == sorted(ranks)
    heights = [float(ds.ImagePositionPatient[2]) for ds in of(patient.objects, "CT")]
    assert 40 <= len(heights) <= 60
    assert np.allclose(np.diff(heights), np.diff(heights)[0])


@pytest.mark.parametrize(
    ("name", "target"),
    [("tonsil", "CTV-T (68Gy)"), ("breast", "CTVp_breast"), ("prostate", "CTV-P"), ("glioma", "CTVp")],
)
def test_the_target_has_its_prescription(
    made: Callable[[str], SyntheticPatient], name: str, target: str
) -> None:
    objects = made(name).objects
    dose, plan = one(objects, "RTDOSE"), one(objects, "RTPLAN")
    prescribed = float(plan.DoseReferenceSequence[0].TargetPrescriptionDose)
    inside = dose_within(dose, contours(one(objects, "RTSTRUCT"), target))
    assert inside.mean() == pytest.approx(prescribed, rel=0.02)
    assert np.percentile(inside, 2) > 0.9 * prescribed
    assert prescribed < dose_gy(dose).max() < 1.1 * prescribed
    assert dose_gy(dose).min() >= 0


def test_the_dose_falls_away_from_the_target(patient: SyntheticPatient) -> None:
    gy = dose_gy(one(patient.objects, "RTDOSE"))
    assert 0.005 < (gy > 0.9 * gy.max()).mean() < 0.15
    assert (gy < 0.1 * gy.max()).mean() > 0.2


def test_the_dose_grid_is_its_own(patient: SyntheticPatient) -> None:
    image, dose = of(patient.objects, "CT")[0], one(patient.objects, "RTDOSE")
    for axis in range(3):
        spacing = float(image.PixelSpacing[0]) if axis < 2 else 5.0
        apart = (float(dose.ImagePositionPatient[axis]) - float(image.ImagePositionPatient[axis])) / spacing
        assert abs(apart - round(apart)) > 1e-3
    assert 2.5 <= float(dose.PixelSpacing[0]) <= 3
    x, y, z = dose_axes(dose)
    assert (len(z), len(y), len(x)) == dose_gy(dose).shape
    assert np.all(np.diff(z) > 0)


@pytest.mark.parametrize(
    ("name", "right", "left"),
    [
        ("tonsil", "Spytkirtel hø", "Spytkirtel ve"),
        ("breast", "Lunge Dxt", "Lunge Sin"),
        ("prostate", "Femoral head R", "Femoral head L"),
        ("glioma", "Eye_R", "Eye_L"),
    ],
)
def test_right_is_right(made: Callable[[str], SyntheticPatient], name: str, right: str, left: str) -> None:
    """In patient coordinates x grows towards the patient's left (PS3.3 C.7.6.2.1.1)."""
    structure_set = one(made(name).objects, "RTSTRUCT")
    of_right = np.vstack([polygon for _, polygon in contours(structure_set, right)])[:, 0]
    of_left = np.vstack([polygon for _, polygon in contours(structure_set, left)])[:, 0]
    assert of_right.mean() < -20 < 20 < of_left.mean()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_treated_side_is_named(seed: int) -> None:
    patient = make_patient("breast", seed=seed)
    structure_set = one(patient.objects, "RTSTRUCT")
    middle = np.vstack([polygon for _, polygon in contours(structure_set, "PTV_bryst")])[:, 0].mean()
    assert ("sin" in patient.label) == (middle > 0)
    assert of(patient.objects, "CT")[0].Laterality == ("L" if middle > 0 else "R")


@pytest.mark.parametrize(
    ("name", "roi", "low", "high"),
    [
        ("breast", "Lunge Sin", -870, -600),
        ("breast", "Hjerte", -20, 60),
        ("breast", "Lever", 30, 90),
        ("prostate", "Bladder", 0, 30),
        ("prostate", "Femoral head R", 200, 700),
        ("tonsil", "Rygmarv", 0, 100),
        ("glioma", "Brain", 10, 60),
        ("glioma", "Eye_L", 0, 60),
    ],
)
def test_organs_have_their_density(
    made: Callable[[str], SyntheticPatient], name: str, roi: str, low: float, high: float
) -> None:
    objects = made(name).objects
    hu = hounsfield_within(of(objects, "CT"), contours(one(objects, "RTSTRUCT"), roi))
    assert low < hu.mean() < high


@pytest.mark.parametrize(
    ("site", "institution", "roi", "character_set"),
    [
        ("proton", "OUH", "Øje Dxt", "ISO_IR 100"),
        ("head-and-neck", "Vejle", "Spytkirtel hø", "ISO_IR 192"),
        ("prostate", "Vejle", "Blære", "ISO_IR 192"),
    ],
)
def test_danish_letters_survive(site: Site, institution: str, roi: str, character_set: str) -> None:
    patient = make_patient(site, seed=21, institution=institution)
    encoded = part10(one(patient.objects, "RTSTRUCT"))
    assert roi.encode("latin-1" if character_set == "ISO_IR 100" else "utf-8") in encoded
    again = dcmread(BytesIO(encoded))
    assert again.SpecificCharacterSet == character_set
    assert roi in [item.ROIName for item in again.StructureSetROISequence]


def test_a_trigger_roi_is_empty_and_has_its_name() -> None:
    patient = make_patient("breast", seed=5, institution="Vejle", trigger_roi="DBCG_PROTON")
    structure_set = one(patient.objects, "RTSTRUCT")
    (number,) = (r.ROINumber for r in structure_set.StructureSetROISequence if r.ROIName == "DBCG_PROTON")
    (item,) = (r for r in structure_set.ROIContourSequence if r.ReferencedROINumber == number)
    assert "ContourSequence" not in item
    others = [r for r in structure_set.ROIContourSequence if r.ReferencedROINumber != number]
    assert all(len(r.ContourSequence) > 0 for r in others)


def test_a_treated_patient_has_a_record_of_the_first_fraction() -> None:
    patient = make_patient("prostate", seed=6, treated=True)
    plan, record = one(patient.objects, "RTPLAN"), one(patient.objects, "RTRECORD")
    assert record.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID == plan.SOPInstanceUID
    assert record.FirstTreatmentDate == record.TreatmentDate > plan.RTPlanDate
    planned = plan.FractionGroupSequence[0].ReferencedBeamSequence
    for beam, given in zip(planned, record.TreatmentSessionBeamSequence, strict=True):
        assert given.DeliveredPrimaryMeterset == pytest.approx(float(beam.BeamMeterset))


def test_a_proton_patient_has_an_mr_on_the_same_frame(made: Callable[[str], SyntheticPatient]) -> None:
    objects = made("glioma").objects
    slices: list[Dataset] = of(objects, "MR")
    assert len(slices) > 20
    assert len({ds.SeriesInstanceUID for ds in slices}) == 1
    assert slices[0].FrameOfReferenceUID == of(objects, "CT")[0].FrameOfReferenceUID


def test_an_unknown_clinic_has_a_name_and_habits_too() -> None:
    patient = make_patient("prostate", seed=8, institution="Nordby")
    assert patient.institution == "Nordby"
    assert all(ds.InstitutionName == "Nordby" for ds in patient.objects)
    other = make_patient("prostate", seed=8, institution="Sydby")
    assert not {ds.SOPInstanceUID for ds in patient.objects} & {ds.SOPInstanceUID for ds in other.objects}
