"""Doing what is due: the result and its outcome are one commit (model.md, Work: Outcome)."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection

from planbank.house import House
from planbank.messages.models import Event
from planbank.pipeline.drain import GIVE_UP, MAX_DEATHS, TURNS, drain
from planbank.pipeline.due import make_due
from planbank.pipeline.models import Outcome, State
from planbank.pipeline.registry import Done, Failed, Later, Result, Waiting
from planbank.pipeline.sweep import sweep
from tests.pipeline.conftest import Probe, add_probe


def outcome(subject: int = 1) -> tuple[str, str]:
    row = Outcome.objects.get(subject_id=subject)
    return row.state, row.reason


def write_event(house: House, subject: int) -> None:
    """A result that can be seen in the database."""
    Event.objects.create(at=house.clock.now(), kind="probe", parcel_id=f"{subject:032d}", params={})


@pytest.fixture
def due(bank: House, probe: Probe) -> House:
    """Three things are due, in two lanes."""
    make_due("probe", [(1, "lane:1"), (2, "lane:1"), (3, "lane:2")], bank.clock.now(), defer=False)
    return bank


def test_a_lane_is_drained_in_order_and_no_other(due: House, probe: Probe) -> None:
    assert drain(due, "probe", "lane:1") == 2
    assert probe.asked == [1, 2]
    assert outcome(3)[0] == State.DUE
    assert drain(due, "probe", "lane:1") == 0


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (Done("612 cc"), State.DONE),
        (Waiting("the planning CT"), State.WAITING),
        (Failed("No contours."), State.FAILED),
    ],
)
def test_what_comes_of_it_is_kept_in_words(due: House, probe: Probe, result: Result, state: State) -> None:
    probe.answer = lambda _house, _subject: result
    begun = due.clock.now()
    drain(due, "probe", "lane:1")
    assert outcome() == (state, result.reason)
    row = Outcome.objects.get(subject_id=1)
    assert row.started_at == begun
    assert row.finished_at == due.clock.now()


def test_later_says_when(due: House, probe: Probe) -> None:
    until = due.clock.now() + timedelta(minutes=30)
    probe.answer = lambda _house, _subject: Later(until, "quiet time")
    drain(due, "probe", "lane:1")
    row = Outcome.objects.get(subject_id=1)
    assert (row.state, row.reason, row.due_at) == (State.LATER, "quiet time", until)


def test_a_service_that_breaks_leaves_words_and_nothing_else(due: House, probe: Probe) -> None:
    """What it wrote is undone; the text of the exception, which may quote the data, is not shown."""

    def breaks(house: House, subject: int) -> Result:
        write_event(house, subject)
        if subject == 1:
            raise ValueError("Testesen^Anna 010150-1234")
        return Done()

    probe.answer = breaks
    assert drain(due, "probe", "lane:1") == 2
    state, reason = outcome(1)
    assert state == State.FAILED
    assert reason == "Unexpected fault (ValueError); see the log."
    assert outcome(2)[0] == State.DONE
    assert Event.objects.count() == 1


def test_result_and_outcome_are_one_commit(due: House, probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies between the two leaves neither: the work is due, nothing half done."""

    class DiedError(BaseException):
        pass

    def dies(*_args: object) -> None:
        raise DiedError

    probe.answer = lambda house, subject: write_event(house, subject) or Done()
    monkeypatch.setattr("planbank.pipeline.drain._finish", dies)
    with pytest.raises(DiedError):
        drain(due, "probe", "lane:1")
    assert outcome()[0] == State.DUE
    assert not Event.objects.exists()


def test_work_stays_due_when_the_database_goes_away(due: House, probe: Probe) -> None:
    def cut_off(_house: House, _subject: int) -> Result:
        raise OperationalError("server closed the connection")

    probe.answer = cut_off
    with pytest.raises(OperationalError):
        drain(due, "probe", "lane:1")
    assert outcome()[0] == State.DUE


class KilledError(BaseException):
    """The work process ends."""


def kills(_house: House, subject: int) -> Result:
    if subject == 1:
        raise KilledError
    return Done()


def test_after_some_deaths_a_subject_is_put_off_and_the_lane_goes_on(due: House, probe: Probe) -> None:
    """One object that kills its process cannot stop the others."""
    probe.answer = kills
    for _ in range(MAX_DEATHS):
        with pytest.raises(KilledError):
            drain(due, "probe", "lane:1", careful=True)
    assert drain(due, "probe", "lane:1", careful=True) == 1
    assert outcome(1) == (State.LATER, f"The work process ended {MAX_DEATHS} times while doing this.")
    assert Outcome.objects.get(subject_id=1).due_at > due.clock.now()
    assert outcome(2)[0] == State.DONE
    assert probe.asked == [1] * MAX_DEATHS + [2]


def test_what_was_put_off_is_tried_again_by_itself(due: House, probe: Probe) -> None:
    """Somebody else killed the processes: it heals without a hand (I8)."""
    probe.answer = kills
    for _ in range(MAX_DEATHS):
        with pytest.raises(KilledError):
            drain(due, "probe", "lane:1", careful=True)
    drain(due, "probe", "lane:1", careful=True)
    probe.answer = lambda _house, _subject: Done()
    due.clock.at = Outcome.objects.get(subject_id=1).due_at
    assert sweep(due) == 2, "this lane, and the one nobody has drained"
    drain(due, "probe", "lane:1")
    assert outcome(1)[0] == State.DONE


def test_a_subject_that_kills_again_and_again_is_given_up(due: House, probe: Probe) -> None:
    """Longer pauses between the tries, also in jobs that know of no death; then words."""
    probe.answer = kills
    pauses = []
    with pytest.raises(KilledError):
        drain(due, "probe", "lane:1", careful=True)
    while outcome(1)[0] != State.FAILED:
        try:
            drain(due, "probe", "lane:1")
        except KilledError:
            continue
        row = Outcome.objects.get(subject_id=1)
        if row.state == State.LATER:
            pauses.append(row.due_at - due.clock.now())
            due.clock.at = row.due_at
            sweep(due)
    assert probe.asked.count(1) == GIVE_UP
    assert str(GIVE_UP) in outcome(1)[1]
    assert len(pauses) == GIVE_UP - MAX_DEATHS
    assert pauses == sorted(set(pauses))


def test_work_whose_ground_another_lane_changed_is_run_again(due: House, probe: Probe) -> None:
    """What it read is gone when it writes: the second run reads what is there now."""

    def disturbed(_house: House, subject: int) -> Result:
        if probe.asked.count(subject) == 1:
            raise IntegrityError("the plan set is gone")
        return Done("the plan set is gone")

    probe.answer = disturbed
    assert drain(due, "probe", "lane:1") == 2
    assert outcome(1) == (State.DONE, "the plan set is gone")


def test_a_conflict_that_does_not_end_is_told(due: House, probe: Probe) -> None:
    def always(_house: House, _subject: int) -> Result:
        raise IntegrityError

    probe.answer = always
    drain(due, "probe", "lane:1")
    assert outcome(1) == (State.FAILED, "Unexpected fault (IntegrityError); see the log.")
    assert probe.asked == [1] * TURNS + [2] * TURNS


def test_what_was_set_aside_gets_all_its_tries_again_when_made_due_by_hand(due: House, probe: Probe) -> None:
    Outcome.objects.filter(subject_id=1).update(state=State.FAILED, attempts=GIVE_UP)
    make_due("probe", [(1, "lane:1")], due.clock.now(), defer=False)
    drain(due, "probe", "lane:1", careful=True)
    assert outcome(1)[0] == State.DONE


def test_an_outcome_of_an_older_version_is_closed_without_running(
    due: House, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_probe(monkeypatch, probe, version=2)
    drain(due, "probe", "lane:1")
    assert probe.asked == []
    assert outcome()[0] == State.DONE


def test_what_becomes_due_while_it_runs_stays_due(committed: House, probe: Probe) -> None:
    """An arrival during the run may bring what the run has not read: it is done once more."""
    make_due("probe", [(1, "lane:1")], committed.clock.now(), defer=False)

    def meanwhile() -> None:
        make_due("probe", [(1, "lane:1")], committed.clock.now() + timedelta(seconds=1), defer=False)
        connection.close()

    def run(_house: House, _subject: int) -> Result:
        if len(probe.asked) == 1:
            other = threading.Thread(target=meanwhile)
            other.start()
            other.join()
        return Done()

    probe.answer = run
    assert drain(committed, "probe", "lane:1") == 2
    assert outcome()[0] == State.DONE
