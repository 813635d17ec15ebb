"""Which dose, what it is called, and what is waited for (model.md, Which dose; R75)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from planbank.catalogue.models import Dose
from planbank.catalogue.queries.dvhs import calculations_of
from planbank.catalogue.queries.one_plan_set import Part, Parts, Work, parts_of
from planbank.web.pages.plan import doses
from tests.catalogue.plan_rows import PlanRows


@pytest.fixture
def rows(db: None) -> PlanRows:
    return PlanRows(datetime(2026, 11, 17, 8, 30, tzinfo=UTC))


def titles(plan_set: object, asked: str = "") -> list[tuple[str, bool]]:
    options = doses.options_of(calculations_of(plan_set), parts_of(plan_set), asked)  # type: ignore[arg-type]
    return [(option.title, option.chosen) for option in options]


def test_each_dose_has_its_name_and_the_address_chooses(rows: PlanRows) -> None:
    plan_set = rows.plan_set(rows.file(sent_id="1"))
    structures = rows.add_structures(plan_set, "PTV")
    rows.calculation(plan_set, structures, rows.add_dose(plan_set, label="AAA"))
    beams = [rows.add_dose(plan_set, "BEAM"), rows.add_dose(plan_set, "BEAM")]
    second = rows.calculation(plan_set, structures, *beams)
    assert titles(plan_set) == [("PLAN, AAA", True), ("sum of 2 BEAM doses", False)]
    assert titles(plan_set, str(second.pk)) == [("PLAN, AAA", False), ("sum of 2 BEAM doses", True)]
    assert titles(plan_set, "0; DROP TABLE")[0][1]


def test_doses_of_one_name_are_told_apart(rows: PlanRows) -> None:
    plan_set = rows.plan_set(rows.file(sent_id="1"))
    structures = rows.add_structures(plan_set, "PTV")
    for _n in range(2):
        rows.calculation(plan_set, structures, rows.add_dose(plan_set))
    assert [title for title, _chosen in titles(plan_set)] == ["PLAN", "PLAN (2)"]


def test_an_effective_dose_is_in_gy_rbe(rows: PlanRows) -> None:
    plan_set = rows.plan_set(rows.file(sent_id="1"))
    structures = rows.add_structures(plan_set, "PTV")
    rows.calculation(plan_set, structures, rows.add_dose(plan_set, kind="EFFECTIVE"))
    rows.calculation(plan_set, structures, rows.add_dose(plan_set))
    effective, physical = calculations_of(plan_set)
    assert (doses.unit_of(effective), doses.unit_of(physical)) == ("Gy(RBE)", "Gy")
    said = {doses.dose_words(part) for part in parts_of(plan_set).doses}
    assert said == {"PLAN, Gy(RBE), grid 2.5 mm", "PLAN, Gy, grid 2.5 mm"}


DOSE, STRUCTURES = Part("dose", "SOP", says=Dose(facts={})), Part("structure set", "SOP")
PLAN = Part("plan", "itself")


@pytest.mark.parametrize(
    ("parts", "codes", "work", "said"),
    [
        (Parts(PLAN), {}, Work(), ("No dose received", "The DVH waits for the RTDOSE")),
        (Parts(None, [STRUCTURES]), {}, Work(), ("No dose belongs to these structures", "A DVH needs")),
        (Parts(PLAN, [], [DOSE]), {}, Work(), ("The DVH waits for the structure set", "Send the RTSTRUCT")),
        (
            Parts(PLAN, [STRUCTURES], [DOSE]),
            {"dose-waiting-for-beams": "waiting for beam 3"},
            Work(),
            ("No DVH yet", "waiting for beam 3"),
        ),
        (
            Parts(PLAN, [STRUCTURES], [DOSE]),
            {"dose-not-used": "LET"},
            Work(),
            ("No DVH from this dose", "LET"),
        ),
        (Parts(PLAN, [STRUCTURES], [DOSE]), {}, Work({"due": 1}), ("The DVH is being calculated", "appears")),
        (
            Parts(PLAN, [STRUCTURES], [DOSE]),
            {},
            Work({"failed": 1}, reasons=("The dose has no values.",)),
            ("The DVH could not be calculated", "The dose has no values."),
        ),
    ],
)
def test_what_is_waited_for(parts: Parts, codes: dict[str, str], work: Work, said: tuple[str, str]) -> None:
    what, then = doses.waits_for(parts, codes, work)
    assert what == said[0]
    assert said[1] in then
