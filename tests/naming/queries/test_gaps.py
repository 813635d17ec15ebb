"""What a plan lacks for its protocols, as its receipt tells the sender (R68)."""

from __future__ import annotations

from planbank.naming.queries.gaps import Gap, gaps_of
from tests.naming.trial import Trial


def test_r68_required_and_forbidden_types(trial: Trial) -> None:
    for name, need in (
        ("Heart", "required"),
        ("Cord", "required"),
        ("Test", "forbidden"),
        ("Lens", "optional"),
    ):
        trial.type(name, need=need)
    trial.rule("Hjerte", "Heart")
    trial.rule("zz*", "Test")
    plan = trial.plan("AUH", "0101010001", "Hjerte", "zz_opt")
    assert gaps_of(plan) == [Gap("HN-19", ("Cord",), ("Test",))]
    trial.rule("zz_opt", "Lens")
    trial.rule("Hjerte", "Cord", "AUH")
    assert gaps_of(plan) == [Gap("HN-19", ("Heart",), ())]


def test_a_plan_in_no_protocol_lacks_nothing(trial: Trial) -> None:
    trial.type("Heart", need="required")
    assert gaps_of(trial.rows.whole_plan("AUH", "0101010003")) == []
