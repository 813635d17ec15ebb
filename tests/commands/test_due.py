"""`planbank due`: a service run again over everything, behind new arrivals, and how far it is (R4)."""

from __future__ import annotations

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from planbank.commands import due
from planbank.commands.due import Pace, all_due, watch
from planbank.errors import ServiceUnknown
from planbank.house import House
from planbank.journal.models import Entry
from planbank.pipeline.due import ARRIVAL, BACKGROUND, make_due
from planbank.pipeline.models import Outcome, Pause, State
from tests.pipeline.conftest import Probe, probe

__all__ = ["probe"]


def test_everything_is_due_behind_new_arrivals(bank: House, probe: Probe) -> None:
    assert all_due(bank, "probe") == "probe: 3 due, behind new arrivals."
    assert Outcome.objects.filter(state=State.DUE).count() == 3
    assert set(ProcrastinateJob.objects.values_list("priority", flat=True)) == {BACKGROUND}
    make_due("probe", [(9, "lane:9")], bank.clock.now())
    first = ProcrastinateJob.objects.order_by("-priority", "id").first()
    assert first is not None
    assert (first.lock, first.priority) == ("lane:9", ARRIVAL)
    assert Entry.objects.get().actor == "due"


def test_an_arrival_in_a_lane_that_waits_to_be_recomputed_goes_first(bank: House, probe: Probe) -> None:
    all_due(bank, "probe")
    lane = Outcome.objects.earliest("pk").lane
    make_due("probe", [(77, lane)], bank.clock.now())
    jobs = dict(ProcrastinateJob.objects.values_list("lock", "priority"))
    assert jobs.pop(lane) == ARRIVAL and set(jobs.values()) == {BACKGROUND}
    all_due(bank, "probe")
    assert dict(ProcrastinateJob.objects.values_list("lock", "priority"))[lane] == ARRIVAL, "never later"


def test_asked_twice_everything_is_due_once(bank: House, probe: Probe) -> None:
    for _ in range(2):
        all_due(bank, "probe")
    assert Outcome.objects.count() == 3
    assert ProcrastinateJob.objects.count() == 2, "one a lane"


def test_an_unknown_service_is_named_with_those_there_are(bank: House, probe: Probe) -> None:
    with pytest.raises(ServiceUnknown, match=r"'nothing'.*probe"):
        all_due(bank, "nothing")
    assert not Outcome.objects.exists()


def test_the_watch_ends_when_nothing_is_due_and_counts_failures(
    bank: House, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "LOOK_EVERY", 0.0)
    all_due(bank, "probe")
    Pause.objects.create(service="probe", by="admin", at=bank.clock.now())
    said: list[str] = []

    def tell(text: str) -> None:
        said.append(text)
        Outcome.objects.filter(subject_id=1).update(state=State.FAILED)
        Outcome.objects.exclude(subject_id=1).update(state=State.DONE)

    assert watch("probe", tell) == 1
    assert said == ["3 left, paused"]


def test_pace() -> None:
    pace = Pace(0, 0).after(100, 5)
    assert pace.said() == "100 left", "while it is made due there is no rate"
    pace = pace.after(80, 10)
    assert pace.rate == 2
    assert pace.said() == "80 left, 2.0 per second, 0.7 minutes to go"
    assert pace.after(90, 1).rate == 0, "more is due than before: anew"
