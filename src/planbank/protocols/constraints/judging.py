"""Whether a value keeps a limit (R151). Pure.

Comes in: the values of one metric of one plan, or why there is none. Goes out: a `Judgement`. What cannot be
told is never a pass: not found, found several times, not calculated, no prescription, bounds on both sides of
the limit, doses that disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planbank.dose.metric_types import MetricValue

MET, TOLERATED, CANNOT, NOT_MET = "met", "tolerated", "cannot", "not met"
ORDER = {MET: 0, TOLERATED: 1, CANNOT: 2, NOT_MET: 3}
"""Worst last: a plan is what its worst verdict is."""


@dataclass(frozen=True)
class Asked:
    """The numbers of a constraint."""

    operator: str
    limit: float
    tolerated: float | None = None

    def state(self, value: float) -> str:
        """What one number comes to."""
        if _keeps(value, self.operator, self.limit):
            return MET
        if self.tolerated is not None and _keeps(value, self.operator, self.tolerated):
            return TOLERATED
        return NOT_MET


@dataclass(frozen=True)
class Judgement:
    """`state` and the value behind it; `reason` where it cannot be told; `place`: which of the values."""

    state: str
    value: float | None = None
    reason: str = ""
    place: int | None = None


def judge(asked: Asked, values: Sequence[MetricValue]) -> Judgement:
    """Judge the metric of one ROI in each dose of the plan; all must come to the same."""
    if not values:
        return Judgement(CANNOT, reason="not-calculated")
    each = [_one(asked, value, place) for place, value in enumerate(values)]
    states = {one.state for one in each}
    if len(states) > 1:
        return Judgement(CANNOT, reason="doses-differ")
    if states == {CANNOT}:
        return each[0]
    # The value that lies nearest to the limit, or furthest beyond it.
    worst = max if asked.operator[0] == "<" else min
    return worst(each, key=lambda one: one.value if one.value is not None else asked.limit)


def worst_of(states: Sequence[str]) -> str:
    """What a plan comes to by all its constraints; '' for none."""
    return max(states, key=lambda state: ORDER[state], default="")


def _one(asked: Asked, value: MetricValue, place: int) -> Judgement:
    if value.reason == "outside" and value.low is not None and value.high is not None:
        ends = {asked.state(value.low), asked.state(value.high)}
        if len(ends) == 1 and value.value is not None:
            return Judgement(ends.pop(), value.value, place=place)
        return Judgement(CANNOT, value.value, "outside", place)
    if value.value is None:
        return Judgement(CANNOT, reason=value.reason or "undefined", place=place)
    return Judgement(asked.state(value.value), value.value, place=place)


def _keeps(value: float, operator: str, limit: float) -> bool:
    return {
        "<=": value <= limit,
        "<": value < limit,
        ">=": value >= limit,
        ">": value > limit,
    }[operator]
