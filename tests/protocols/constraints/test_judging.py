"""What a value comes to; what cannot be told is never a pass (R151, R203)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planbank.dose.metric_types import MetricValue
from planbank.protocols.constraints.judging import Asked, Judgement, judge, worst_of

AT_MOST = Asked("<=", 2.0, 2.5)
AT_LEAST = Asked(">=", 98.0, 95.0)


def _value(number: float | None, **more: object) -> MetricValue:
    return MetricValue("Dmean", number, "Gy", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "number", "state"),
    [
        (AT_MOST, 2.0, "met"),
        (AT_MOST, 2.2, "tolerated"),
        (AT_MOST, 2.6, "not met"),
        (AT_LEAST, 98.0, "met"),
        (AT_LEAST, 96.0, "tolerated"),
        (AT_LEAST, 94.9, "not met"),
        (Asked("<", 2.0), 2.0, "not met"),
        (Asked(">", 2.0), 2.0, "not met"),
    ],
)
def test_numbers(asked: Asked, number: float, state: str) -> None:
    assert judge(asked, [_value(number)]).state == state


def test_what_cannot_be_told_is_no_pass() -> None:
    assert judge(AT_MOST, []) == Judgement("cannot", reason="not-calculated")
    assert judge(AT_MOST, [_value(None, reason="no-prescription")]).reason == "no-prescription"
    assert judge(AT_MOST, [_value(1.0), _value(9.0)]).reason == "doses-differ"
    both = _value(1.9, reason="outside", low=1.0, high=3.0)
    assert judge(AT_MOST, [both]).reason == "outside"


def test_bounds_on_one_side_decide() -> None:
    inside = _value(1.5, reason="outside", low=1.0, high=1.9)
    assert judge(AT_MOST, [inside]).state == "met"


def test_several_doses_that_agree_give_the_worst_value() -> None:
    assert judge(AT_MOST, [_value(1.0), _value(1.8)]) == Judgement("met", 1.8, place=1)
    assert judge(AT_LEAST, [_value(99.0), _value(98.5)]) == Judgement("met", 98.5, place=1)


def test_a_plan_is_what_its_worst_is() -> None:
    assert worst_of(["met", "tolerated", "cannot"]) == "cannot"
    assert worst_of(["met", "not met", "cannot"]) == "not met"
    assert worst_of([]) == ""


@settings(max_examples=100)
@given(st.floats(0, 100), st.floats(0, 100))
def test_more_dose_is_never_better(low: float, high: float) -> None:
    order = ["met", "tolerated", "not met"]
    low, high = sorted((low, high))
    assert order.index(AT_MOST.state(low)) <= order.index(AT_MOST.state(high))
