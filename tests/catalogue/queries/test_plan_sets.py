"""Lists of plan sets: what is found, what a line says, at a cost that does not grow with the page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planbank.catalogue.models import Calculation, PlanSet
from planbank.catalogue.queries import plan_sets
from planbank.pipeline.models import Outcome
from tests.catalogue.plan_rows import PlanRows


@pytest.fixture
def rows(db: None) -> PlanRows:
    return PlanRows(datetime(2026, 11, 17, 8, 30, tzinfo=UTC))


def found(text: str) -> set[str]:
    return set(plan_sets.search(PlanSet.objects.all(), text).values_list("label", flat=True))


def test_every_word_must_stand_in_label_patient_or_roi_name(rows: PlanRows) -> None:
    file = rows.file(sent_id="010150-1234", name="Holm^Mette")
    rows.add_structures(rows.plan_set(file, label="Mam sin"), "Hjerte", "PTV_bryst")
    rows.plan_set(rows.file(sent_id="77", name="Bro^Karen"), label="Prostata 1")
    assert found("mam") == found("holm") == found("hjerte") == found("ptv holm") == {"Mam sin"}
    assert found("0101501234") == found("010150-1234") == {"Mam sin"}
    assert found("hjerte karen") == set()
    assert found("") == {"Mam sin", "Prostata 1"}


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", '"', "pct%", "\0"])
def test_signs_are_literal(rows: PlanRows, text: str) -> None:
    plain = rows.plan_set(rows.file(sent_id="1", name="A^B"), label="Plan")
    rows.add_structures(plain, "Heart")
    expected = {"Plan"} if text == "\0" else set()
    assert found(text) == expected
    if text != "\0":
        rows.plan_set(rows.file(sent_id="2"), label=f"With {text}")
        assert found(text) == {f"With {text}"}


def test_an_roi_of_another_institution_finds_nothing_here(rows: PlanRows) -> None:
    theirs = rows.plan_set(rows.file("OUH", sent_id="1"), label="theirs")
    rows.add_structures(theirs, "Secret name")
    rows.plan_set(rows.file("AUH", sent_id="1"), label="ours")
    ours = PlanSet.objects.filter(patient_file__institution__code="AUH")
    assert not plan_sets.search(ours, "secret").exists()


def test_the_gravest_open_finding_counts_wherever_it_stands(rows: PlanRows) -> None:
    file = rows.file(sent_id="1")
    bad, warn, info, closed, well = (
        rows.plan_set(file, label=name) for name in ("bad", "warn", "info", "closed", "well")
    )
    plan = rows.add_plan(bad)
    instance = plan.version.current_in.get()
    rows.finding(file, "contour-unreadable", subject_kind="instance", subject_id=instance.pk)
    rows.finding(file, "no-dose-received", subject_kind="plan set", subject_id=bad.pk)
    rows.finding(file, "no-dose-received", subject_kind="plan set", subject_id=warn.pk)
    rows.finding(file, "images-by-frame", subject_kind="plan set", subject_id=warn.pk)
    rows.finding(file, "a-code-without-words", subject_kind="plan set", subject_id=info.pk)
    rows.finding(file, "dose-relative", subject_kind="plan set", subject_id=closed.pk, closed_at=rows.at)
    every = PlanSet.objects.all()
    facts = plan_sets.facts(list(every))
    assert [facts[row.pk].worst for row in (bad, warn, info, closed, well)] == ["bad", "warn", "info", "", ""]
    assert facts[bad.pk].findings == 2
    for worst, expected in [("bad", {bad}), ("warn", {warn}), ("info", {info}), ("none", {closed, well})]:
        assert set(plan_sets.with_worst(every, worst)) == expected


def test_a_finding_on_another_patients_row_of_the_same_number_is_not_ours(rows: PlanRows) -> None:
    ours, theirs = rows.plan_set(rows.file(sent_id="1")), rows.file("OUH", sent_id="2")
    rows.finding(theirs, "no-dose-received", subject_kind="instance", subject_id=ours.pk)
    assert plan_sets.facts([ours])[ours.pk].worst == ""
    assert not plan_sets.with_worst(PlanSet.objects.all(), "warn").exists()


def test_structures_are_those_of_the_current_structure_sets(rows: PlanRows) -> None:
    with_structures, without = rows.plan_set(rows.file(sent_id="1")), rows.plan_set(rows.file(sent_id="2"))
    rows.add_structures(with_structures, "PTV", "Heart", "(LAD)")
    facts = plan_sets.facts([with_structures, without])
    assert facts[with_structures.pk].structures == 3
    assert facts[without.pk].structures is None


def test_the_state_of_the_dose(rows: PlanRows) -> None:
    file = rows.file(sent_id="1")
    states: dict[str, PlanSet] = {
        name: rows.plan_set(file, label=name)
        for name in ("none", "no structures", "unused", "waiting", "due", "failed")
    }
    states["ready"] = rows.whole_plan()
    doses = {name: rows.add_dose(row) for name, row in states.items() if name not in ("none", "ready")}
    for name in ("unused", "waiting", "due", "failed"):
        structures = rows.add_structures(states[name], "PTV")
        if name in ("due", "failed"):
            calculation = rows.calculation(states[name], structures, doses[name])
            if name == "failed":
                _failed(rows, calculation)
    code = "dose-waiting-for-beams"
    rows.finding(file, code, subject_kind="plan set", subject_id=states["waiting"].pk)
    facts = plan_sets.facts(list(states.values()))
    assert {name: facts[row.pk].dose for name, row in states.items()} == {name: name for name in states}


def _failed(rows: PlanRows, calculation: Calculation) -> None:
    Outcome.objects.create(
        service="calculate", subject_kind="calculation", subject_id=calculation.pk, version=1, lane="x",
        state="failed", due_at=rows.at,
    )  # fmt: skip


def test_the_cost_of_a_page_does_not_grow_with_its_rows(rows: PlanRows) -> None:
    counts = []
    for n in (1, 6):
        for _ in range(n):
            rows.whole_plan(sent_id=f"{next(rows.numbers)}")
        page = list(PlanSet.objects.all())
        with CaptureQueriesContext(connection) as queries:
            plan_sets.facts(page)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 5


def test_the_plan_sets_of_a_patient_newest_plan_first(rows: PlanRows) -> None:
    file = rows.file(sent_id="1")
    old, new = rows.plan_set(file, plan_date="20250101"), rows.plan_set(file, plan_date="20260101")
    rows.plan_set(rows.file(sent_id="2"))
    listed = plan_sets.plan_sets_of(file)
    assert [row for row, _facts in listed] == [new, old]
    assert listed[0][1].dose == "none"
