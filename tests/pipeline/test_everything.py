"""A service made due for everything: at once, or portion by portion in the background (R4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from planbank.house import House
from planbank.journal.models import Entry
from planbank.journal.record import Actor
from planbank.pipeline import everything
from planbank.pipeline.everything import GO_ON, go_on, make_all_due, sweep_up
from planbank.pipeline.models import Outcome, Rerun, State
from tests.pipeline.conftest import Probe, add_probe

BY = Actor("user", "admin")


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three subjects are many."""
    monkeypatch.setattr(everything, "PORTION", 2)


def jobs() -> list[tuple[str, str]]:
    return list(ProcrastinateJob.objects.order_by("id").values_list("task_name", "queueing_lock"))


def test_little_is_made_due_at_once(bank: House, probe: Probe) -> None:
    assert make_all_due("probe", BY, bank.clock.now()) == 3
    assert Outcome.objects.filter(state=State.DUE).count() == 3
    assert not Rerun.objects.exists()
    assert Entry.objects.get().detail == {"which": "all", "subjects": 3}


def test_much_is_left_to_a_job_that_counts(bank: House, probe: Probe, large: None) -> None:
    assert make_all_due("probe", BY, bank.clock.now()) is None
    assert jobs() == [(GO_ON, "everything:probe")]
    assert not Outcome.objects.exists()
    run = Rerun.objects.get()
    assert go_on(bank, run.pk) == 3
    assert Outcome.objects.filter(state=State.DUE).count() == 3
    run.refresh_from_db()
    assert (run.made, run.finished_at) == (3, bank.clock.now())
    assert [entry.detail for entry in Entry.objects.order_by("pk")] == [
        {"which": "all", "begun": True},
        {"which": "all", "subjects": 3},
    ]


def test_asked_twice_it_runs_once(bank: House, probe: Probe, large: None) -> None:
    for _ in range(2):
        assert make_all_due("probe", BY, bank.clock.now()) is None
    assert Rerun.objects.count() == len(jobs()) == 1
    go_on(bank, Rerun.objects.get().pk)
    assert go_on(bank, Rerun.objects.get().pk) == 0, "ended, its job changes nothing more"


def test_taken_up_again_it_undoes_nothing_that_was_done_meanwhile(
    bank: House, probe: Probe, large: None
) -> None:
    """A worker died after the first portion, another did what was due already."""
    make_all_due("probe", BY, bank.clock.now())
    run = Rerun.objects.get()
    bank.clock.at += timedelta(seconds=5)  # type: ignore[attr-defined]
    go_on(bank, run.pk)
    Outcome.objects.filter(subject_id=1).update(state=State.DONE)
    Rerun.objects.update(finished_at=None)
    assert go_on(bank, run.pk) == 3
    assert Outcome.objects.get(subject_id=1).state == State.DONE
    assert Outcome.objects.filter(state=State.DUE).count() == 2


def test_what_was_done_before_is_due_again(bank: House, probe: Probe, large: None) -> None:
    make_all_due("probe", BY, bank.clock.now())
    go_on(bank, Rerun.objects.get().pk)
    Outcome.objects.update(state=State.DONE)
    bank.clock.at += timedelta(hours=1)  # type: ignore[attr-defined]
    make_all_due("probe", BY, bank.clock.now())
    go_on(bank, Rerun.objects.get(finished_at=None).pk)
    assert Outcome.objects.filter(state=State.DUE).count() == 3


def test_a_lost_job_is_brought_by_the_sweep(bank: House, probe: Probe, large: None) -> None:
    make_all_due("probe", BY, bank.clock.now())
    ProcrastinateJob.objects.all().delete()
    assert sweep_up() == 1
    assert sweep_up() == 1
    assert jobs() == [(GO_ON, "everything:probe")]


def test_a_newer_version_ends_the_rerun_of_the_older(
    bank: House, probe: Probe, large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_all_due("probe", BY, bank.clock.now())
    older = Rerun.objects.get()
    add_probe(monkeypatch, probe, version=2)
    assert make_all_due("probe", BY, bank.clock.now()) is None
    assert go_on(bank, older.pk) == 0
    assert go_on(bank, Rerun.objects.get(finished_at=None).pk) == 3
    assert set(Outcome.objects.values_list("version", flat=True)) == {2}
