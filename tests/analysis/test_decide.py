"""Which of a patient's plans speaks for the patient: by rule, by hand, or open (R159)."""

from __future__ import annotations

import random

import pytest

from planbank.analysis.decide import Candidate, Chosen, Decision, Part, decide
from planbank.analysis.models import AnalysisRule
from planbank.analysis.words import WHY, in_words


def plan(
    pk: int, date: str = "20260301", *, approved: bool = True, delivered: bool = False, structures: int = 1
):  # type: ignore[no-untyped-def]
    return Candidate(pk, 7, f"1.2.{pk}", True, approved, date, delivered, frozenset({structures}))


FIRST, REPLAN = plan(1, "20260301"), plan(2, "20260320")
DRAFT, LOOSE = (
    plan(3, "20260401", approved=False),
    Candidate(9, 7, "1.9", False, False, "", False, frozenset({4})),
)


@pytest.mark.parametrize(
    ("rule", "plans", "how", "taken", "why"),
    [
        ("every", [FIRST, REPLAN], "each", (1, 2), "every"),
        ("latest approved", [FIRST, REPLAN, DRAFT], "one", (2,), "latest-approved"),
        ("first approved", [FIRST, REPLAN, DRAFT, LOOSE], "one", (1,), "first-approved"),
        ("latest", [FIRST, REPLAN, DRAFT], "one", (3,), "latest"),
        ("latest approved", [DRAFT], "open", (3,), "none-approved"),
        ("latest approved", [FIRST, plan(4)], "open", (1, 4), "same-day"),
        ("latest approved", [FIRST, plan(4, "")], "open", (4, 1), "no-date"),
        ("delivered", [FIRST, plan(4, delivered=True)], "one", (4,), "delivered"),
        ("delivered", [FIRST, REPLAN], "open", (1, 2), "none-delivered"),
        (
            "delivered",
            [plan(5, delivered=True), plan(4, delivered=True)],
            "open",
            (4, 5),
            "several-delivered",
        ),
        ("together", [FIRST, REPLAN, DRAFT], "together", (1, 2), "together"),
        ("together", [FIRST, DRAFT], "one", (1,), "only-approved"),
        ("together", [FIRST, plan(4, structures=2)], "open", (1, 4), "structures-differ"),
        ("latest approved", [LOOSE], "each", (9,), "every"),
    ],
)
def test_r159_rules(rule: str, plans: list[Candidate], how: str, taken: tuple[int, ...], why: str) -> None:
    for seed in range(3):
        found = decide(rule, random.Random(seed).sample(plans, len(plans)))
        assert (found.how, found.plan_sets, found.why) == (how, taken, why), "whatever came first"
    assert in_words(found)


def test_by_hand_stands_over_the_rule_and_is_told_when_it_can_no_longer_be() -> None:
    chosen = Chosen((Part(7, "1.2.1", 12), Part(7, "1.2.2")), 1, "replanned after fraction 12")
    found = decide("latest approved", [FIRST, REPLAN], chosen)
    assert found == Decision("together", (1, 2), 2, "by-hand", True, "replanned after fraction 12", {1: 12})
    assert "replanned after fraction 12" in in_words(found)
    assert decide("latest approved", [REPLAN], chosen).why == "choice-gone"


def test_every_rule_decides_and_every_reason_has_words() -> None:
    for kind in AnalysisRule.Kind.values:
        assert decide(kind, [FIRST]).why in WHY and not decide(kind, [plan(1, delivered=True)]).is_open
