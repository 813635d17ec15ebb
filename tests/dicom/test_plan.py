"""Plans of several systems, and of none: whatever is missing is a finding (R16, R26)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from planbank.dicom import uids
from planbank.dicom.encoding import IMPLICIT_LITTLE, split_file
from planbank.dicom.findings import FINDINGS
from planbank.dicom.plan import Plan, read_plan
from planbank.errors import DicomError
from tests.dicom import sets
from tests.dose.phantoms import encode


def read_file(path: Path) -> Plan:
    syntax, data = split_file(path.read_bytes())
    return read_plan(data, syntax)


def test_monaco_vmat(shared_data: Path) -> None:
    plan = read_file(shared_data / "plans/monaco-vmat-rtplan.dcm")
    assert (plan.technique, plan.energies, plan.machines) == ("VMAT", ("6 MV",), ("2619",))
    assert (plan.fractions, len(plan.beams)) == (2, 2)
    assert plan.meterset == pytest.approx(316.02, abs=0.01)
    assert plan.prescription is not None and plan.prescription.dose_gy == 1.0
    assert plan.manufacturer_model_name == "Monaco"
    assert [beam.arc for beam in plan.beams] == [60.0, 60.0]


def test_monaco_static_fields(shared_data: Path) -> None:
    plan = read_file(shared_data / "plans/monaco-static-10beam-rtplan.dcm")
    assert (plan.technique, len(plan.treatment_beams), plan.meterset) == ("3D", 10, 10_000.0)


def test_pinnacle_with_three_fraction_groups(shared_data: Path) -> None:
    plan = read_file(shared_data / "plans/pinnacle-3-fraction-groups-rtplan.dcm")
    assert [(g.number, g.fractions, len(g.beams)) for g in plan.fraction_groups] == [
        (1, 26, 9),
        (2, 10, 9),
        (3, 13, 8),
    ]
    assert plan.fractions == 49
    assert plan.technique == "IMRT"
    assert plan.prescription is not None and plan.prescription.source == "beam doses"
    assert plan.prescription.dose_gy == pytest.approx(77.2, abs=0.01)
    assert [finding.code for finding in plan.findings] == ["prescription-from-beams"]


def test_raystation_with_setup_beams(shared_data: Path) -> None:
    archive = shared_data / "alderson-pelvis-vmat-raystation.tar.xz"
    plan = read_plan(*sets.one(archive, "/RP1."))
    assert [beam.number for beam in plan.beams] == [1, 101, 102, 103]
    assert [beam.number for beam in plan.treatment_beams] == [1]
    assert (plan.technique, plan.fractions, plan.intent) == ("VMAT", 20, "CURATIVE")
    assert plan.prescription is not None
    assert (plan.prescription.dose_gy, plan.prescription.roi_number) == (60.0, 3)
    assert plan.findings == ()


def test_ion_plan(shared_data: Path) -> None:
    archive = shared_data / "dcpt-proton-plan01-06.tar.xz"
    plan = read_plan(*sets.one(archive, "plan06_sobp_4d/RP"))
    assert (plan.kind, plan.technique, plan.machines) == ("ion", "Proton PBS", ("TR3",))
    assert plan.energies == ("81.4-125.9 MeV",)
    assert plan.approval == "APPROVED"


def test_the_site_is_prescribed_to_before_the_point(shared_data: Path) -> None:
    plan = read_plan(*sets.one(shared_data / "breast-boost-dicompyler.tar.xz", "rtplan"))
    assert [one.dose_gy for one in plan.prescriptions] == pytest.approx([14.0, 11.3114], abs=1e-4)
    assert plan.prescription is not None and plan.prescription.dose_gy == 14.0
    assert (plan.technique, plan.energies) == ("IMRT", ("10 MV", "6 MV"))


def bare(**more: Any) -> Dataset:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = uids.RT_PLAN, "1.2.3", "RTPLAN"
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    return ds


def test_an_empty_plan_is_findings_and_no_exception() -> None:
    plan = read_plan(encode(bare()), IMPLICIT_LITTLE)
    assert {finding.code for finding in plan.findings} == {
        *("plan-no-label", "plan-no-date", "plan-no-beams", "plan-no-fractions"),
        *("plan-no-structure-set", "plan-no-prescription"),
    }
    assert (plan.fractions, plan.meterset, plan.prescription, plan.technique) == (None, None, None, "")


def group(beams: list[tuple[int, float | None]], fractions: int | None) -> Dataset:
    item = Dataset()
    item.FractionGroupNumber = 1
    if fractions is not None:
        item.NumberOfFractionsPlanned = fractions
    item.ReferencedBeamSequence = []
    for number, dose in beams:
        reference = Dataset()
        reference.ReferencedBeamNumber = number
        if dose is not None:
            reference.BeamDose = dose
        item.ReferencedBeamSequence.append(reference)
    return item


def numbered(*numbers: int) -> list[Dataset]:
    made = []
    for number in numbers:
        item = Dataset()
        item.BeamNumber, item.RadiationType = number, "PHOTON"
        made.append(item)
    return made


@pytest.mark.parametrize(
    ("beams", "fractions", "total"),
    [([(1, 1.0), (2, 1.0)], 30, 60.0), ([(1, 1.0), (2, None)], 30, None), ([(1, 1.0)], None, None)],
)
def test_beam_doses_stand_in_only_when_complete(
    beams: list[tuple[int, float | None]], fractions: int | None, total: float | None
) -> None:
    ds = bare(BeamSequence=numbered(1, 2), FractionGroupSequence=[group(beams, fractions)])
    found = read_plan(encode(ds), IMPLICIT_LITTLE).prescription
    assert (found.dose_gy if found else None) == total


def test_a_fraction_group_that_names_an_unknown_beam_is_a_finding() -> None:
    ds = bare(BeamSequence=numbered(1), FractionGroupSequence=[group([(1, 2.0), (7, 2.0)], 5)])
    plan = read_plan(encode(ds), IMPLICIT_LITTLE)
    assert ("beam-unknown", "beam 7") in [(f.code, f.about) for f in plan.findings]


def test_brachytherapy() -> None:
    setup, machine, fractions, reference = (Dataset() for _ in range(4))
    setup.ApplicationSetupNumber = 1
    machine.TreatmentMachineName = "Flexitron"
    reference.ReferencedBrachyApplicationSetupNumber = 1
    fractions.FractionGroupNumber, fractions.NumberOfFractionsPlanned = 1, 4
    fractions.ReferencedBrachyApplicationSetupSequence = [reference]
    ds = bare(
        BrachyTreatmentType="HDR",
        BrachyTreatmentTechnique="INTRACAVITARY",
        ApplicationSetupSequence=[setup],
        TreatmentMachineSequence=[machine],
        FractionGroupSequence=[fractions],
    )
    plan = read_plan(encode(ds), IMPLICIT_LITTLE)
    assert (plan.kind, plan.technique, plan.machines) == ("brachy", "HDR Brachytherapy", ("Flexitron",))
    assert plan.fraction_groups[0].brachy_setups == (1,)
    assert "plan-no-beams" not in [finding.code for finding in plan.findings]


def test_findings_are_all_explained() -> None:
    for severity, says, _fix in FINDINGS.values():
        assert severity in ("info", "warning", "error")
        assert says


@given(st.data())
def test_damaged_plans_are_read_or_refused(data: st.DataObject) -> None:
    ds = bare(BeamSequence=numbered(1, 2), FractionGroupSequence=[group([(1, 2.0)], 5)], RTPlanLabel="x")
    damaged = bytearray(encode(ds))
    for place in data.draw(st.lists(st.integers(0, len(damaged) - 1), max_size=8)):
        damaged[place] = data.draw(st.integers(0, 255))
    try:
        plan = read_plan(bytes(damaged), IMPLICIT_LITTLE)
    except DicomError:
        return
    assert isinstance(plan, Plan)
