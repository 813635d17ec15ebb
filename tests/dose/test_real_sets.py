"""DVHs of real plans beside those of their planning systems (R76, R82).

The breast plan's stored DVHs are per cent of 14 Gy, although labelled GY.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from planbank.dicom.dose_grid import read_dose, read_dose_info
from planbank.dicom.plan import read_plan
from planbank.dicom.stored_dvh import stored_dvhs
from planbank.dicom.structure_set import read_structure_set
from planbank.dose import axis
from planbank.dose.choice import choose, dose_facts, plan_facts
from planbank.dose.engine import dvh
from planbank.dose.metrics import evaluate
from tests.dicom import sets


def test_breast_agrees_with_its_planning_system(shared_data: Path) -> None:
    """Mean doses by the method in force; volumes by that system's convention, which ends at the last planes.

    All its volumes lie between those of prisms without end caps and with a quarter of a slice.
    """
    archive = shared_data / "breast-boost-dicompyler.tar.xz"
    dose_bytes = sets.one(archive, "rtdose")
    stored = {number: one for one in stored_dvhs(*dose_bytes) for number in one.roi_numbers}
    compared = 0
    structure_set = read_structure_set(*sets.one(archive, "rtss"))
    dose = read_dose(*dose_bytes)
    shorter = {one.number: one.volume_cc for one in dvh(structure_set, dose, end_caps="none")}
    for found in dvh(structure_set, dose):
        if found.name in ("BODY", "Borders") or found.number not in stored:
            continue
        theirs = stored[found.number]
        assert theirs.mean is not None
        assert found.mean_gy == pytest.approx(theirs.mean * 0.14, abs=0.15), found.name
        assert shorter[found.number] == pytest.approx(theirs.volumes[0], rel=0.01, abs=0.16), found.name
        assert found.volume_cc > shorter[found.number]
        compared += 1
    assert compared == 7


def test_prostate_agrees_with_eclipse(shared_data: Path) -> None:
    archive = shared_data / "slicerrt-eclipse-prostate-rebuilt.tar.xz"
    found = dvh(read_structure_set(*sets.one(archive, "/RS.dcm")), read_dose(*sets.one(archive, "/RD.dcm")))
    by_name = {one.name: one for one in found}
    assert by_name["PTV"].mean_gy == pytest.approx(45.88, abs=0.1)
    text = next(iter(sets.files(archive, "DvhTable_Eclipse.csv").values())).decode()
    rows = list(csv.reader(io.StringIO(text)))
    for column, name in ((2, "Bladder"), (8, "PTV"), (10, "Rectum")):
        table = np.array(
            [[float(row[column]), float(row[column + 1])] for row in rows[1:] if row[column + 1]]
        )
        one = by_name[name]
        ours = 100 * np.interp(table[:, 0], axis.doses(len(one.curve)), one.curve) / one.volume_cc
        assert np.abs(ours - table[:, 1]).mean() < 1.0, name


def test_alderson_takes_the_plan_dose_and_never_adds_the_beam(shared_data: Path) -> None:
    archive = shared_data / "alderson-pelvis-vmat-raystation.tar.xz"
    plan = read_plan(*sets.one(archive, "/RP1."))
    infos = [read_dose_info(*sets.one(archive, part)) for part in ("3300.46671", "3500.71811")]
    decision = choose(plan_facts(plan), [dose_facts(info, plan.sop_instance_uid, 61.36) for info in infos])
    assert [choice.dose_uids for choice in decision.choices] == [(infos[0].sop_instance_uid,)]
    assert decision.waiting == decision.findings == ()
    structure_set = read_structure_set(*sets.one(archive, "/RS1."))
    found = dvh(structure_set, read_dose(*sets.one(archive, "3300.46671")))
    assert len(found) == 6
    target = next(one for one in found if one.name == "PTV")
    assert target.mean_gy == pytest.approx(60, abs=0.2)
    coverage = evaluate("V95%", target, plan.prescription.dose_gy if plan.prescription else None)
    assert coverage.value == pytest.approx(100, abs=0.5)


def test_the_single_beam_of_the_ion_plan_is_the_whole_plan(shared_data: Path) -> None:
    archive = shared_data / "dcpt-proton-plan01-06.tar.xz"
    plan = read_plan(*sets.one(archive, "plan06_sobp_4d/RP"))
    info = read_dose_info(*sets.one(archive, "plan06_sobp_4d/RD"))
    (choice,) = choose(plan_facts(plan), [dose_facts(info, plan.sop_instance_uid)]).choices
    assert (choice.kind, choice.summation, choice.type) == ("sum", "BEAM", "EFFECTIVE")
