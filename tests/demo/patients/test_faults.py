"""Each fault does what its description says, and nothing else."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from planbank.demo.patients import FAULTS, Fault, SyntheticPatient, make_patient
from tests.demo.patients.reading import dose_gy, of, one

SEED = 31


def faulty(fault: Fault) -> SyntheticPatient:
    return make_patient("prostate", seed=SEED, fault=fault)


@pytest.fixture(scope="module")
def complete() -> SyntheticPatient:
    return make_patient("prostate", seed=SEED)


def counts(patient: SyntheticPatient) -> dict[str, int]:
    found = [ds.Modality for ds in patient.objects]
    return {modality: found.count(modality) for modality in sorted(set(found))}


def test_every_fault_is_described_and_named_in_the_patient() -> None:
    assert set(FAULTS) == set(get_args(Fault))
    assert all(text.endswith(".") for text in FAULTS.values())
    assert faulty("no-dose").fault == "no-dose"


def test_missing_slice(complete: SyntheticPatient) -> None:
    patient = faulty("missing-slice")
    sent = {ds.SOPInstanceUID for ds in of(patient.objects, "CT")}
    (absent,) = {ds.SOPInstanceUID for ds in of(complete.objects, "CT")} - sent
    heights = [float(ds.ImagePositionPatient[2]) for ds in of(patient.objects, "CT")]
    steps = np.diff(heights)
    assert sorted(steps)[-1] == pytest.approx(2 * steps[0])
    frame = one(patient.objects, "RTSTRUCT").ReferencedFrameOfReferenceSequence[0]
    images = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0].ContourImageSequence
    assert absent in {item.ReferencedSOPInstanceUID for item in images}


@pytest.mark.parametrize("site", ["head-and-neck", "breast", "prostate", "proton"])
def test_empty_roi(site: str) -> None:
    structure_set = one(make_patient(site, seed=SEED, fault="empty-roi").objects, "RTSTRUCT")  # type: ignore[arg-type]
    empty = [item for item in structure_set.ROIContourSequence if "ContourSequence" not in item]
    assert len(empty) == 1
    names = {roi.ROINumber: roi.ROIName for roi in structure_set.StructureSetROISequence}
    assert names[empty[0].ReferencedROINumber] in {"Subman Sin", "LAD", "Bulbus penis", "Chiasma"}


def test_dose_without_plan(complete: SyntheticPatient) -> None:
    patient = faulty("dose-without-plan")
    assert "RTPLAN" not in counts(patient)
    refers = one(patient.objects, "RTDOSE").ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID
    assert refers == one(complete.objects, "RTPLAN").SOPInstanceUID


def test_no_dose(complete: SyntheticPatient) -> None:
    expected = counts(complete)
    del expected["RTDOSE"]
    assert counts(faulty("no-dose")) == expected


def test_two_doses_add_up_to_the_plan() -> None:
    doses = of(faulty("two-doses").objects, "RTDOSE")
    assert [ds.DoseSummationType for ds in doses] == ["PLAN", "BEAM", "BEAM"]
    numbers = []
    for ds in doses[1:]:
        group = ds.ReferencedRTPlanSequence[0].ReferencedFractionGroupSequence[0]
        numbers.append(group.ReferencedBeamSequence[0].ReferencedBeamNumber)
    assert numbers == [1, 2]
    total = dose_gy(doses[1]) + dose_gy(doses[2])
    assert np.abs(total - dose_gy(doses[0])).max() < 1e-3


def test_beam_dose_missing() -> None:
    patient = faulty("beam-dose-missing")
    doses = of(patient.objects, "RTDOSE")
    beams = one(patient.objects, "RTPLAN").BeamSequence
    assert {ds.DoseSummationType for ds in doses} == {"BEAM"}
    assert len(doses) == len(beams) - 1


def test_per_fraction_dose(complete: SyntheticPatient) -> None:
    patient = faulty("per-fraction-dose")
    fractions = one(patient.objects, "RTPLAN").FractionGroupSequence[0].NumberOfFractionsPlanned
    whole, each = (dose_gy(one(p.objects, "RTDOSE")) for p in (complete, patient))
    assert each.max() * fractions == pytest.approx(whole.max(), rel=1e-5)


@pytest.mark.parametrize("site", ["head-and-neck", "breast"])
def test_replan(site: str) -> None:
    patient = make_patient(site, seed=SEED, fault="replan")  # type: ignore[arg-type]
    first, second = of(patient.objects, "RTPLAN")
    before, after = of(patient.objects, "RTDOSE")
    assert second.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert second.ReferencedRTPlanSequence[0].RTPlanRelationship == "PREDECESSOR"
    assert second.RTPlanDate > first.RTPlanDate
    assert second.FrameOfReferenceUID != first.FrameOfReferenceUID
    assert len({ds.SeriesInstanceUID for ds in of(patient.objects, "CT")}) == 2
    planned = [plan.FractionGroupSequence[0].NumberOfFractionsPlanned for plan in (first, second)]
    assert 1 < planned[1] < planned[0]
    share = planned[1] / planned[0]
    assert dose_gy(after).max() / dose_gy(before).max() == pytest.approx(share, rel=0.05)
    assert len({ds.PatientID for ds in patient.objects}) == 1
    uids = [ds.SOPInstanceUID for ds in patient.objects]
    assert len(set(uids)) == len(uids)


def test_dangling_images() -> None:
    patient = faulty("dangling-images")
    sent = {ds.SOPInstanceUID for ds in of(patient.objects, "CT")}
    structure_set = one(patient.objects, "RTSTRUCT")
    frame = structure_set.ReferencedFrameOfReferenceSequence[0]
    series = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    referred = {item.ReferencedSOPInstanceUID for item in series.ContourImageSequence}
    for roi in structure_set.ROIContourSequence:
        for contour in roi.ContourSequence:
            for item in contour.get("ContourImageSequence") or []:
                referred.add(item.ReferencedSOPInstanceUID)
    assert referred
    assert not referred & sent
    assert frame.FrameOfReferenceUID == of(patient.objects, "CT")[0].FrameOfReferenceUID


def test_other_frame() -> None:
    patient = faulty("other-frame")
    dose, plan = one(patient.objects, "RTDOSE"), one(patient.objects, "RTPLAN")
    assert dose.FrameOfReferenceUID != plan.FrameOfReferenceUID
