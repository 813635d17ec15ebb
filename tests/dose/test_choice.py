"""Which dose: every rule of the model, and no dependence on arrival order (R75, R185)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.dicom.dose_grid import read_dose_info
from planbank.dicom.encoding import IMPLICIT_LITTLE
from planbank.dose.choice import (
    Choice,
    Decision,
    DoseFacts,
    GroupFacts,
    PlanFacts,
    choose,
    dose_facts,
    judge_total,
)
from tests.dose import phantoms

PLAN = "1.1"
Parts = tuple[tuple[int | None, frozenset[int], frozenset[int]], ...]


def plan(
    *groups: tuple[set[int], set[int]], rx: float | None = 60.0, fractions: int | None = 30
) -> PlanFacts:
    made = tuple(GroupFacts(n, frozenset(b), frozenset(s)) for n, (b, s) in enumerate(groups, 1))
    return PlanFacts(PLAN, made, rx, fractions)


def dose(uid: str, summation: str = "PLAN", parts: Parts = (), **kwargs: object) -> DoseFacts:
    given = {"units": "GY", "type": "PHYSICAL", "plan_uids": (PLAN,), "maximum": 62.0} | kwargs
    return DoseFacts(uid=uid, summation=summation, parts=parts, **given)  # type: ignore[arg-type]


def beam(uid: str, *numbers: int, group: int | None = 1, **kwargs: object) -> DoseFacts:
    return dose(uid, "BEAM", ((group, frozenset(numbers), frozenset()),), **kwargs)


def fraction(uid: str, group: int | None, **kwargs: object) -> DoseFacts:
    return dose(uid, "FRACTION", ((group, frozenset(), frozenset()),), **kwargs)


def uids(decision: Decision) -> list[tuple[str, ...]]:
    return [choice.dose_uids for choice in decision.choices]


THREE = plan(({1, 2, 3}, set()))


def test_plan_wins_over_its_beams() -> None:
    decision = choose(THREE, [beam("b1", 1), dose("p"), beam("b2", 2), fraction("f", 1)])
    assert decision.choices == (Choice("plan", ("p",), "PLAN", "PHYSICAL"),)
    assert {uid for uid, _ in decision.passed} == {"b1", "b2", "f"}
    assert decision.waiting == ()


def test_several_plan_doses_stand_side_by_side() -> None:
    decision = choose(THREE, [dose("p2"), dose("p1"), dose("p3", type="EFFECTIVE")])
    assert uids(decision) == [("p1",), ("p2",), ("p3",)]


def test_beams_are_summed_when_each_is_there_once() -> None:
    decision = choose(THREE, [beam("b3", 3), beam("b12", 1, 2)])
    assert decision.choices == (Choice("sum", ("b12", "b3"), "BEAM", "PHYSICAL"),)


def test_a_missing_beam_is_waited_for_by_number() -> None:
    decision = choose(THREE, [beam("b1", 1), beam("b2", 2)])
    assert decision.choices == ()
    assert decision.waiting == ("waiting for beam 3",)


def test_a_beam_there_twice_is_not_summed() -> None:
    decision = choose(THREE, [beam("b1", 1), beam("b2", 2), beam("b3", 3), beam("b23", 3)])
    assert decision.choices == ()
    assert decision.waiting == ("beam 3 is there twice",)


def test_a_beam_that_is_none_of_the_plans_is_not_summed() -> None:
    decision = choose(THREE, [beam("b", 1, 2, 3), beam("b9", 9)])
    assert decision.choices == ()
    assert decision.waiting == ("beam 9 is none of the plan's",)


def test_physical_is_never_added_to_effective() -> None:
    decision = choose(THREE, [beam("b1", 1), beam("b2", 2), beam("b3", 3, type="EFFECTIVE")])
    assert decision.choices == ()
    assert "waiting for beam 3" in decision.waiting


def test_both_types_complete_are_two_sums() -> None:
    doses = [beam(f"{t}{n}", n, type=t) for t in ("PHYSICAL", "EFFECTIVE") for n in (1, 2, 3)]
    assert [choice.type for choice in choose(THREE, doses).choices] == ["EFFECTIVE", "PHYSICAL"]


TWO_GROUPS = plan(({1, 2}, set()), ({3}, set()))


def test_fractions_are_summed_only_when_all_groups_are_there() -> None:
    assert choose(TWO_GROUPS, [fraction("f1", 1)]).waiting == ("waiting for fraction group 2",)
    decision = choose(TWO_GROUPS, [fraction("f1", 1), fraction("f2", 2)])
    assert decision.choices == (Choice("sum", ("f1", "f2"), "FRACTION", "PHYSICAL"),)


def test_a_group_may_be_complete_by_its_beams() -> None:
    decision = choose(TWO_GROUPS, [fraction("f1", 1), beam("b1", 1), beam("b3", 3, group=2)])
    assert decision.choices == (Choice("sum", ("b3", "f1"), "BEAM+FRACTION", "PHYSICAL"),)
    assert decision.passed == (("b1", "The dose of its fraction group is there."),)


def test_two_doses_of_one_group_are_not_summed() -> None:
    decision = choose(TWO_GROUPS, [fraction("f1", 1), fraction("f1b", 1), fraction("f2", 2)])
    assert decision.choices == ()
    assert decision.waiting == ("there are several doses of fraction group 1",)


def test_external_is_never_added_to_brachytherapy() -> None:
    mixed = plan(({1}, set()), (set(), {1}))
    brachy = dose("s", "BRACHY", ((2, frozenset(), frozenset({1})),))
    decision = choose(mixed, [beam("b", 1), brachy])
    assert decision.choices == ()
    assert decision.waiting == ("external beams and brachytherapy are never added",)


def test_brachytherapy_setups_are_summed_like_beams() -> None:
    only = plan((set(), {1, 2}))
    parts = [dose(f"s{n}", "BRACHY", ((1, frozenset(), frozenset({n})),)) for n in (1, 2)]
    assert uids(choose(only, parts)) == [("s1", "s2")]
    assert choose(only, parts[:1]).waiting == ("waiting for brachytherapy setup 2",)


@pytest.mark.parametrize(
    "unusable",
    [
        dose("x", type="ERROR"),
        dose("x", "CONTROL_POINT"),
        dose("x", "RECORD"),
        dose("x", units="OTHER"),
        dose("x", comment="LETd, keV/um"),
        dose("x", readable=False),
        dose("x", "", ((1, frozenset({1}), frozenset()),)),
        beam("x"),
    ],
)
def test_what_is_no_dose_of_a_plan_is_passed_over_with_a_reason(unusable: DoseFacts) -> None:
    decision = choose(THREE, [unusable])
    assert decision.choices == ()
    assert [uid for uid, why in decision.passed if why] == ["x"]


def test_several_plans_make_a_plan_sum_whatever_the_label() -> None:
    decision = choose(THREE, [dose("s", plan_uids=(PLAN, "1.2")), dose("p")])
    assert [(choice.kind, choice.dose_uids) for choice in decision.choices] == [
        ("plan", ("p",)),
        ("plan sum", ("s",)),
    ]


def test_relative_dose_needs_a_prescription() -> None:
    percent, part = dose("r", units="RELATIVE", maximum=105.0), dose("r", units="RELATIVE", maximum=1.05)
    assert choose(THREE, [percent]).choices[0].scale == pytest.approx(0.6)
    assert choose(THREE, [part]).choices[0].scale == pytest.approx(60)
    without = choose(plan(({1}, set()), rx=None), [percent])
    assert without.choices == ()
    assert "no prescription" in without.passed[0][1]


def test_a_dose_without_summation_type_is_taken_as_the_plans_with_a_finding() -> None:
    decision = choose(THREE, [dose("p", "")])
    assert uids(decision) == [("p",)]
    assert [finding.code for finding in decision.findings] == ["dose-no-summation"]


def test_the_only_fraction_group_needs_no_number() -> None:
    assert uids(choose(THREE, [beam("b", 1, 2, 3, group=None)])) == [("b",)]
    assert uids(choose(plan(({1}, set())), [fraction("f", None)])) == [("f",)]


def test_without_the_plan_beams_wait_and_the_whole_plan_does_not() -> None:
    unseen = PlanFacts(PLAN, ())
    assert uids(choose(unseen, [dose("p")])) == [("p",)]
    assert choose(unseen, [beam("b", 1)]).choices == ()


@pytest.mark.parametrize(
    ("maximum", "codes"),
    [
        (62.0, []),
        (2.1, ["dose-per-fraction"]),
        (20.0, ["dose-far-from-prescription"]),
        (300.0, ["dose-far-from-prescription"]),
        (None, []),
    ],
)
def test_a_total_is_held_against_its_prescription(maximum: float | None, codes: list[str]) -> None:
    assert [finding.code for finding in judge_total(maximum, 60.0, 30)] == codes
    assert judge_total(maximum, None, 30) == []
    assert [f.code for f in choose(THREE, [dose("p", maximum=maximum)]).findings] == codes


ANY = [
    *(beam(f"b{n}", n) for n in (1, 2, 3)),
    *(beam("e1", 1, type="EFFECTIVE"), fraction("f", 1), dose("p"), dose("s", plan_uids=(PLAN, "9"))),
    *(dose("x", type="ERROR"), dose("c", "CONTROL_POINT")),
]


@given(
    st.lists(st.sampled_from(ANY), unique_by=lambda one: one.uid).flatmap(
        lambda some: st.tuples(st.just(some), st.permutations(some))
    )
)
def test_order_does_not_matter_and_nothing_is_lost_or_used_twice(
    orders: tuple[list[DoseFacts], list[DoseFacts]],
) -> None:
    first, second = orders
    decision = choose(THREE, first)
    assert decision == choose(THREE, second)
    used = [uid for choice in decision.choices for uid in choice.dose_uids]
    passed = [uid for uid, _ in decision.passed]
    assert len(used) == len(set(used))
    assert not set(used) & set(passed)
    if not decision.waiting:
        assert sorted(used + passed) == sorted(one.uid for one in first)


def test_facts_are_read_from_a_dose() -> None:
    ds = phantoms.make_dose(phantoms.linear((0, 0, 0)), DoseSummationType="BEAM")
    item, group, reference = (phantoms.Dataset() for _ in range(3))
    reference.ReferencedBeamNumber = 4
    group.ReferencedFractionGroupNumber, group.ReferencedBeamSequence = 2, [reference]
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = phantoms.uids.RT_PLAN, PLAN
    item.ReferencedFractionGroupSequence = [group]
    ds.ReferencedRTPlanSequence = [item]
    facts = dose_facts(read_dose_info(phantoms.encode(ds), IMPLICIT_LITTLE), PLAN, 30.0)
    assert facts.parts == ((2, frozenset({4}), frozenset()),)
    assert (facts.plan_uids, facts.summation, facts.readable) == ((PLAN,), "BEAM", True)
