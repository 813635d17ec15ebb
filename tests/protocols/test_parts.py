"""What joins by itself: pure, independent of order, never what a person removed (model.md, Membership)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from planbank.protocols.parts import Grouped, Part, joining

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
BEFORE, AFTER = BEGAN - timedelta(days=1), BEGAN + timedelta(days=1)
CT, SS, PLAN, DOSE = Part(1), Part(2, 2, "2"), Part(3, 3, "3"), Part(4, 4, "4")
SS2, PLAN2, DOSE2 = Part(5, 5, "5"), Part(6, 6, "6"), Part(7, 7, "7")
FIRST = Grouped(PLAN, frozenset({PLAN, SS, CT, DOSE}), BEFORE, frozenset({SS, CT}))


def second(received: datetime, *anchors: Part) -> Grouped:
    return Grouped(PLAN2, frozenset({PLAN2, DOSE2, *anchors}), received, frozenset(anchors))


def join(groups: list[Grouped], active: set[Part], blocked: set[Part] | None = None) -> set[Part]:
    seeds = dict.fromkeys(active, BEGAN)
    return set(joining(groups, frozenset(active), frozenset(blocked or ()), seeds))


def test_what_belongs_to_a_member_plan_joins_whenever_it_came() -> None:
    assert join([FIRST], {PLAN}) == {SS, CT, DOSE}


def test_a_late_plan_joins_where_it_refers_to_a_member() -> None:
    assert join([FIRST, second(AFTER, SS, CT)], {PLAN, SS, CT, DOSE}) == {PLAN2, DOSE2}


def test_a_plan_that_was_there_before_and_was_not_chosen_stays_out() -> None:
    assert join([FIRST, second(BEFORE, SS, CT)], {PLAN, SS, CT, DOSE}) == set()


def test_a_late_plan_that_refers_to_no_member_stays_out() -> None:
    assert join([FIRST, second(AFTER, Part(9))], {PLAN, SS, CT, DOSE}) == set()


def test_what_a_person_removed_and_what_hangs_on_it_stays_out() -> None:
    assert join([FIRST, second(AFTER, SS, CT)], {PLAN, SS, CT, DOSE}, {PLAN2}) == set()
    assert join([FIRST], {PLAN}, {DOSE}) == {SS, CT}


def test_without_a_member_nothing_joins() -> None:
    assert join([FIRST, second(AFTER, SS, CT)], set()) == set()


ALL = [Part(n, n, str(n)) for n in range(6)]
PARTS = st.frozensets(st.sampled_from(ALL), max_size=4)
GROUPS = st.lists(
    st.builds(
        lambda head, rest, late, anchors: Grouped(
            head, rest | {head} | anchors, AFTER if late else BEFORE, anchors
        ),
        st.sampled_from(ALL),
        PARTS,
        st.booleans(),
        PARTS,
    ),
    max_size=4,
)


@given(GROUPS, PARTS, PARTS, st.permutations(range(4)))
def test_the_end_does_not_depend_on_order_and_running_again_adds_nothing(
    groups: list[Grouped], active: frozenset[Part], blocked: frozenset[Part], order: list[int]
) -> None:
    """R185; and nothing that a person removed ever comes back by itself."""
    blocked = blocked - active
    seeds = dict.fromkeys(active, BEGAN)
    once = joining(groups, active, blocked, seeds)
    shuffled = [groups[n] for n in order if n < len(groups)]
    assert joining(shuffled, active, blocked, seeds) == once
    assert not once & blocked and not once & active
    assert joining(groups, active | once, blocked, seeds) == frozenset()


@given(GROUPS, PARTS, st.integers(0, 4))
def test_one_after_the_other_or_all_at_once(groups: list[Grouped], active: frozenset[Part], at: int) -> None:
    seeds = dict.fromkeys(active, BEGAN)
    some = joining(groups[:at], active, frozenset(), seeds)
    assert some | joining(groups, active | some, frozenset(), seeds) == joining(
        groups, active, frozenset(), seeds
    )
