"""Pausing a service loses nothing (R4)."""

from __future__ import annotations

from datetime import timedelta

from procrastinate.contrib.django.models import ProcrastinateJob

from planbank.house import House
from planbank.journal.models import Entry
from planbank.pipeline.counts import open_work
from planbank.pipeline.drain import drain, overdue
from planbank.pipeline.due import make_due
from planbank.pipeline.models import Outcome, State
from planbank.pipeline.pausing import go_on, pause
from planbank.pipeline.registry import Done, Result
from tests.pipeline.conftest import Probe


def test_what_is_due_waits_and_is_done_when_it_goes_on(bank: House, probe: Probe) -> None:
    at = bank.clock.now()
    assert pause("probe", "anna", at)
    assert not pause("probe", "anna", at)
    make_due("probe", [(1, "lane:1"), (2, "lane:2")], at - timedelta(minutes=1), defer=False)
    assert drain(bank, "probe", "lane:1") == 0
    assert not probe.asked
    assert overdue(bank, timedelta(0)) == []
    assert open_work()["outcomes_due"] == 0  # `planbank wait` does not wait for it
    assert go_on("probe", "anna", at)
    assert not go_on("probe", "anna", at)
    assert set(ProcrastinateJob.objects.values_list("lock", flat=True)) == {"lane:1", "lane:2"}
    assert open_work()["outcomes_due"] == 2
    assert drain(bank, "probe", "lane:1") == 1
    assert Outcome.objects.get(subject_id=1).state == State.DONE
    assert list(Entry.objects.order_by("pk").values_list("action", flat=True)) == [
        "pause service",
        "service goes on",
    ]


def test_a_pause_is_heeded_in_the_middle_of_a_lane(bank: House, probe: Probe) -> None:
    make_due("probe", [(1, "lane:1"), (2, "lane:1")], bank.clock.now(), defer=False)

    def paused_by_the_first(house: House, subject: int) -> Result:
        pause("probe", "anna", house.clock.now())
        return Done()

    probe.answer = paused_by_the_first
    assert drain(bank, "probe", "lane:1") == 1
    assert Outcome.objects.filter(state=State.DUE).count() == 1
