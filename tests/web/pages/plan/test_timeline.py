"""From receipt to DVH: times since receipt, what waits, what could not be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from planbank.catalogue.models import Calculation, PlanSet
from planbank.catalogue.queries.one_plan_set import Arrived, Parts, Work
from planbank.web.pages.plan.timeline import Step, Story, steps_of

AT = datetime(2026, 11, 17, 8, 30, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


@pytest.fixture
def story() -> Story:
    """A plan set of which everything is done."""
    plan_set = PlanSet(
        kind="plan", technique="VMAT", prescription_gy=40.0, fractions=15, last_received_at=AT, linked_at=AT
    )
    return Story(
        plan_set,
        Parts(),
        Arrived(206, ["VLE_ARIA"], {"new": 206}),
        Work({"done": 206}, after(4), after(9)),
        Work({"done": 1}, after(9), after(11)),
        Work({"done": 1}, after(11), after(19)),
        [Calculation(pk=1, algorithm="slab-1", calculated_at=after(19))],
        [],
        now=after(60),
    )


def by_title(story: Story) -> dict[str, Step]:
    return {step.title: step for step in steps_of(story)}


def test_everything_done(story: Story) -> None:
    steps = steps_of(story)
    assert [step.title for step in steps] == ["Received", "Registered", "Analysed", "Linked", "DVH ready"]
    assert {step.state for step in steps} == {"ok"}
    assert [step.when for step in steps][1:] == ["+ 4 s", "+ 9 s", "+ 11 s", "+ 19 s"]
    assert [step.fact for step in steps] == [
        "206 objects from VLE_ARIA",
        "every object was new",
        "VMAT, 40 Gy in 15",
        "all references resolved",
        "slab-1",
    ]


def test_the_time_of_receipt_is_told_of_today_and_the_day_otherwise(story: Story) -> None:
    today = by_title(story)["Received"].when
    later = by_title(replace(story, now=AT + timedelta(days=3)))["Received"].when
    assert today.count(":") == 2
    assert "17 Nov 2026" in later


def test_a_time_before_the_last_receipt_is_not_told(story: Story) -> None:
    """The bytes may have come before, here or to another institution."""
    early = replace(story, analysed=Work({"done": 206}, after(-900), after(-890)))
    assert by_title(early)["Registered"].when == by_title(early)["Analysed"].when == ""


def test_what_waits_is_dashed(story: Story) -> None:
    open_ = {"analysed": Work({"done": 3, "due": 203}), "linked": Work({"due": 1})}
    waiting = replace(story, **open_, calculations=[], waits="No dose")
    steps = by_title(waiting)
    assert [steps[name].state for name in ("Analysed", "Linked", "DVH ready")] == ["wait"] * 3
    assert steps["Analysed"].fact == "203 objects wait"
    assert steps["DVH ready"].fact == "No dose"


def test_a_dvh_that_is_being_calculated_again_is_not_ready(story: Story) -> None:
    again = replace(story, calculated=Work({"due": 1}))
    assert by_title(again)["DVH ready"].state == "wait"
    half = [*story.calculations, Calculation(pk=2)]
    assert by_title(replace(story, calculations=half))["DVH ready"].state == "wait"


def test_what_could_not_be_done_says_why(story: Story) -> None:
    broken = replace(
        story,
        analysed=Work({"failed": 2}, reasons=("x",)),
        linked=Work({"failed": 1}, reasons=("Link says why.",)),
        calculated=Work({"failed": 1}, reasons=("The dose has no values.",)),
    )
    steps = by_title(broken)
    assert steps["Analysed"] == Step("bad", "Analysed", "", "2 objects cannot be read")
    assert (steps["Linked"].state, steps["Linked"].fact) == ("bad", "Link says why.")
    assert (steps["DVH ready"].state, steps["DVH ready"].fact) == ("bad", "The dose has no values.")


def test_what_link_found_is_to_be_looked_at(story: Story) -> None:
    step = by_title(replace(story, link_findings=["no-dose-received", "images-missing"]))["Linked"]
    assert (step.state, step.fact) == ("warn", "2 things to look at")


@pytest.mark.parametrize(
    ("relations", "fact"),
    [
        ({"new": 5}, "every object was new"),
        ({"new": 5, "again": 2}, "2 sent again"),
        ({"again": 5, "version": 1}, "1 new version"),
    ],
)
def test_what_was_registered(story: Story, relations: dict[str, int], fact: str) -> None:
    came = Arrived(5, ["A", "B"], relations)
    steps = by_title(replace(story, arrived=came))
    assert steps["Registered"].fact == fact
    assert steps["Received"].fact == "5 objects from A and 1 more sender"


def test_several_doses(story: Story) -> None:
    two = [*story.calculations, Calculation(pk=2, algorithm="slab-1", calculated_at=after(25))]
    step = by_title(replace(story, calculations=two))["DVH ready"]
    assert (step.when, step.fact) == ("+ 25 s", "2 doses, slab-1")
