"""Which of a patient's plans speaks for the patient, by rule or by hand (R159; model.md, Plan for analysis).

Comes in: plain facts of the plans, the rule, what somebody chose. Goes out: a `Decision`; what cannot be
decided is open, with the reason, and never guessed. Pure. Times of arrival are not among the facts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

How = Literal["each", "one", "together", "open"]


class Candidate(NamedTuple):
    """One plan set. `date`: YYYYMMDD as written; `structures`: rows of its structure sets."""

    plan_set: int
    file: int
    uid: str
    is_plan: bool
    approved: bool
    date: str
    delivered: bool
    structures: frozenset[int]


class Part(NamedTuple):
    """One plan of a choice; `fractions`: how many of it count, None: all."""

    file: int
    uid: str
    fractions: int | None = None


class Chosen(NamedTuple):
    """A choice by hand; `structures`: place of the part whose structure set is used."""

    parts: tuple[Part, ...]
    structures: int
    reason: str


@dataclass(frozen=True)
class Decision:
    """What tables take.

    Attributes:
        how: 'each' plan for itself, 'one' plan, several 'together' with their doses added, or 'open'.
        plan_sets: those that are taken; where it is open, those among which somebody chooses.
        structures: the plan set whose structure set is used; 0 where it is open.
        why: a key of planbank.analysis.words.WHY.
        fractions: plan set -> fractions of it that count, where not all.
    """

    how: How
    plan_sets: tuple[int, ...]
    structures: int = 0
    why: str = ""
    by_hand: bool = False
    reason: str = ""
    fractions: Mapping[int, int] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return self.how == "open"


def decide(rule: str, every: Sequence[Candidate], chosen: Chosen | None = None) -> Decision:
    """Decide for one patient. The order of the candidates does not matter."""
    every = sorted(every, key=lambda one: (one.date, one.plan_set))
    if chosen is not None:
        return _by_hand(every, chosen)
    plans = [one for one in every if one.is_plan]
    keys = tuple(one.plan_set for one in every)
    if rule == "every" or not plans:
        return Decision("each", keys, why="every")
    if rule == "delivered":
        return _single([one for one in plans if one.delivered], plans, "delivered", "none-delivered")
    if rule == "latest":
        return _by_date(plans, plans, "latest", last=True)
    approved = [one for one in plans if one.approved]
    if not approved:
        return Decision("open", tuple(one.plan_set for one in plans), why="none-approved")
    if rule == "together":
        return _together(approved)
    return _by_date(approved, plans, rule.replace(" ", "-"), last=rule == "latest approved")


def _single(found: Sequence[Candidate], plans: Sequence[Candidate], why: str, lack: str) -> Decision:
    if len(found) == 1:
        return Decision("one", (found[0].plan_set,), found[0].plan_set, why)
    asked = found or plans
    return Decision("open", tuple(one.plan_set for one in asked), why=f"several-{why}" if found else lack)


def _by_date(found: Sequence[Candidate], plans: Sequence[Candidate], why: str, *, last: bool) -> Decision:
    if len(found) == 1:
        return Decision("one", (found[0].plan_set,), found[0].plan_set, why)
    keys = tuple(one.plan_set for one in found)
    if any(not one.date for one in found):
        return Decision("open", keys, why="no-date")
    wanted = (max if last else min)(one.date for one in found)
    same = [one for one in found if one.date == wanted]
    if len(same) > 1:
        return Decision("open", tuple(one.plan_set for one in same), why="same-day")
    return Decision("one", (same[0].plan_set,), same[0].plan_set, why)


def _together(found: Sequence[Candidate]) -> Decision:
    keys = tuple(one.plan_set for one in found)
    if len(found) == 1:
        return Decision("one", keys, keys[0], "only-approved")
    if len(frozenset().union(*(one.structures for one in found))) != 1:
        return Decision("open", keys, why="structures-differ")
    return Decision("together", keys, keys[0], "together")


def _by_hand(every: Sequence[Candidate], chosen: Chosen) -> Decision:
    here = {(one.file, one.uid): one for one in every}
    found = [here.get((part.file, part.uid)) for part in chosen.parts]
    taken = [one for one in found if one is not None]
    if not taken or len(taken) < len(found):
        keys = tuple(one.plan_set for one in every)
        return Decision("open", keys, why="choice-gone", by_hand=True, reason=chosen.reason)
    place = chosen.structures if chosen.structures < len(taken) else 0
    fractions = {
        one.plan_set: part.fractions
        for one, part in zip(taken, chosen.parts, strict=True)
        if part.fractions is not None
    }
    return Decision(
        "one" if len(taken) == 1 and not fractions else "together",
        tuple(one.plan_set for one in taken),
        taken[place].plan_set,
        "by-hand",
        by_hand=True,
        reason=chosen.reason,
        fractions=fractions,
    )
