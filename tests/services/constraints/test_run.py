"""Plans are judged as they arrive, and again when names, constraints or arms change (R151, R203)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planbank.catalogue.models import Finding
from planbank.errors import ChangedMeanwhile, ConstraintError
from planbank.house import House
from planbank.pipeline.models import Outcome
from planbank.protocols.actions.constraining import Wish, add, bring_back, end
from planbank.protocols.models import Constraint, Verdict
from planbank.services.constraints import constraints

if TYPE_CHECKING:
    from planbank.catalogue.models import PlanSet
    from tests.naming.trial import Trial


@pytest.fixture
def trial(bank: House) -> Trial:
    from tests.naming.trial import Trial

    return Trial.made(bank.clock.now())


def _judged(bank: House, plan: PlanSet) -> dict[str, tuple[str, str]]:
    constraints(bank, plan.patient_file_id)
    rows = Verdict.objects.filter(plan_set=plan).select_related("constraint__structure_type")
    return {row.constraint.text: (row.state, row.reason) for row in rows}


def test_r203_unmapped_is_never_a_pass(bank: House, trial: Trial) -> None:
    plan = trial.calculated("AUH", "0101010001")
    trial.type("Heart")
    add(
        trial.act,
        trial.protocol,
        [Wish("Heart Dmean <= 40 Gy"), Wish("Heart Dmean >= 35 Gy, tolerate 25 Gy")],
    )
    assert set(_judged(bank, plan).values()) == {("cannot", "not-mapped")}
    assert Finding.objects.filter(code="constraint-cannot", closed_at=None).count() == 2
    edition = trial.rule("Hjerte", "Heart")
    assert _judged(bank, plan) == {
        "Heart Dmean <= 40 Gy": ("met", ""),
        "Heart Dmean >= 35 Gy, tolerate 25 Gy": ("tolerated", ""),
    }
    assert set(Verdict.objects.values_list("edition", flat=True)) == {edition.number}
    assert not Finding.objects.filter(code="constraint-cannot", closed_at=None).exists()


def test_what_is_not_kept_is_a_finding_that_closes_itself(bank: House, trial: Trial) -> None:
    plan = trial.calculated("AUH", "0101010001")
    trial.rule("Hjerte", "Heart")
    (row,) = add(trial.act, trial.protocol, [Wish("Heart Dmean <= 2 Gy")])
    _judged(bank, plan)
    found = Finding.objects.get(code="constraint-not-met", closed_at=None)
    assert (found.about, found.params["value"]) == ("HN-19: Heart Dmean <= 2 Gy", "30.00")
    end(trial.act, trial.protocol, row)
    assert _judged(bank, plan) == {}
    assert not Finding.objects.filter(source="constraints", closed_at=None).exists()
    bring_back(trial.act, trial.protocol, Constraint.objects.get(pk=row.pk))
    assert list(_judged(bank, plan).values()) == [("not met", "")]


def test_arms_concern_their_own(bank: House, trial: Trial) -> None:
    plan = trial.calculated("AUH", "0101010001")
    trial.rule("Hjerte", "Heart")
    add(trial.act, trial.protocol, [Wish("Heart Dmean <= 2 Gy", "40/15"), Wish("Heart Dmax <= 60 Gy")])
    assert _judged(bank, plan)["Heart Dmean <= 2 Gy"] == ("cannot", "no-arm")
    trial.rows.participant(trial.protocol, "T-1", patient=plan.patient_file.patient, arm="50/25")
    assert _judged(bank, plan) == {"Heart Dmax <= 60 Gy": ("met", "")}


def test_every_change_makes_plans_due(bank: House, trial: Trial) -> None:
    plan = trial.calculated("AUH", "0101010001")
    trial.type("Heart")
    due = Outcome.objects.filter(service="constraints", subject_id=plan.patient_file_id)
    assert not due.exists()
    add(trial.act, trial.protocol, [Wish("Heart Dmean <= 2 Gy")])
    assert due.filter(state="due").exists()


def test_all_or_none_and_never_two_limits_for_one(bank: House, trial: Trial) -> None:
    trial.type("Heart")
    with pytest.raises(ConstraintError):
        add(trial.act, trial.protocol, [Wish("Heart Dmean <= 2 Gy"), Wish("Hart Dmax <= 2 Gy")])
    assert not Constraint.objects.exists()
    (row,) = add(trial.act, trial.protocol, [Wish("Heart Dmean <= 2 Gy")])
    assert add(trial.act, trial.protocol, [Wish("Heart Dmean <= 2 Gy")]) == []
    with pytest.raises(ConstraintError, match="End it first"):
        add(trial.act, trial.protocol, [Wish("Heart Dmean <= 3 Gy")])
    (new,) = add(trial.act, trial.protocol, [Wish("Heart Dmean <= 3 Gy")], instead=[row.pk])
    with pytest.raises(ChangedMeanwhile):
        add(trial.act, trial.protocol, [Wish("Heart Dmean <= 4 Gy")], instead=[row.pk])
    assert Constraint.objects.filter(ended_at=None).get() == new
