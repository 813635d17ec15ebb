"""Prescription and beams as the plan gives them; nothing is made up."""

from __future__ import annotations

from typing import Any

import pytest

from planbank.catalogue.models import Plan, Roi
from planbank.web.pages.plan.prescription import prescription_of


def beam(number: int, **fields: Any) -> dict[str, Any]:
    return {"number": number, "name": f"Beam {number}", "treats": True, "energies": ["6 MV"], **fields}


def plan(**fields: Any) -> Plan:
    values = {"kind": "external", "technique": "VMAT", "prescription_gy": 40.05, "fractions": 15, "facts": {}}
    return Plan(**{**values, **fields})


def facts(of: Plan, *rois: Roi) -> dict[str, str]:
    return dict(prescription_of(of, rois).facts)


def test_the_prescription_names_its_target() -> None:
    prescriptions = [{"dose_gy": 40.05, "roi_number": 3, "description": "", "source": "target prescription"}]
    of = plan(facts={"prescriptions": prescriptions}, prescription_source="target prescription")
    said = facts(of, Roi(number=3, name="CTVp_breast"))
    assert said["Prescribed"] == "40.05 Gy in 15 to CTVp_breast"
    assert said["Taken from"] == "the plan's target prescription"


def test_where_it_is_the_sum_of_beam_doses_that_is_said() -> None:
    said = facts(plan(prescription_source="beam doses"))
    assert said["Prescribed"] == "40.05 Gy in 15"
    assert said["Taken from"] == "the sum of the beam doses; the plan states none"


def test_what_the_plan_does_not_say_is_left_out() -> None:
    assert facts(Plan(kind="external", facts={})) == {}


def test_beams_with_energy_gantry_and_monitor_units() -> None:
    beams = [
        beam(1, gantry_start=300.0, gantry_stop=340.0, arc=40.0),
        beam(2, gantry_start=0.0, arc=0.0),
        beam(3, name="", description="", energies=[]),
        beam(9, treats=False),
    ]
    groups = [{"number": 1, "fractions": 15, "beams": [{"number": 1, "meterset": 1214.64}, {"number": 2}]}]
    found = prescription_of(plan(facts={"beams": beams, "fraction_groups": groups}), [])
    first, rest = found.groups
    assert [(b.name, b.energy, b.gantry, b.meterset) for b in first.beams] == [
        ("Beam 1", "6 MV", "300 to 340°", "1\N{NARROW NO-BREAK SPACE}214.6"),
        ("Beam 2", "6 MV", "0°", "-"),
    ]
    assert rest.title == "In no fraction group"
    assert [(b.name, b.energy, b.gantry) for b in rest.beams] == [("Beam 3", "-", "-")]
    assert found.left_out == 1


def test_several_fraction_groups_are_told_apart() -> None:
    beams = [beam(1), beam(2)]
    groups = [
        {"number": 1, "fractions": 26, "beams": [{"number": 1, "meterset": 50}]},
        {"number": 2, "fractions": 1, "beams": [{"number": 1, "meterset": 60}, {"number": 2, "meterset": 7}]},
    ]
    found = prescription_of(plan(facts={"beams": beams, "fraction_groups": groups}), [])
    assert [(g.title, len(g.beams)) for g in found.groups] == [
        ("Fraction group 1, 26 fractions", 1),
        ("Fraction group 2, 1 fraction", 2),
    ]


@pytest.mark.parametrize(("units", "shown"), [(["NP", "NP"], "NP"), (["MU", "NP"], "MU"), (["", ""], "MU")])
def test_the_unit_of_metersets(units: list[str], shown: str) -> None:
    beams = [beam(n, meterset_unit=unit) for n, unit in enumerate(units)]
    assert prescription_of(plan(facts={"beams": beams}), []).unit == shown
