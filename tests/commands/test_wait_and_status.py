"""`planbank wait` and `planbank status`: when is everything dealt with, and how does the bank stand?"""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from planbank.commands.status import status
from planbank.commands.wait import wait
from planbank.house import House
from planbank.pipeline.drain import drain
from planbank.pipeline.models import Outcome, State
from planbank.services.register import register_once
from tests.sending import ct, deposit, register_sender

NAMED = {
    *("patients", "studies", "series", "instances", "submissions", "quarantined", "in_transit"),
    *("jobs_todo", "jobs_failed", "outcomes_failed"),
}


def finish_all(state: State = State.DONE) -> None:
    """As if workers had done everything."""
    from django.db import connection

    Outcome.objects.update(state=state)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def test_an_empty_bank_is_idle(bank: House) -> None:
    waited = wait(bank, 0)
    assert waited.ok
    assert waited.said.startswith("Idle")


def test_a_parcel_in_transit_is_waited_for(bank: House) -> None:
    deposit(bank, ct())
    waited = wait(bank, 0)
    assert not waited.ok
    assert "1 parcels in transit" in waited.said


def test_work_is_waited_for(bank: House) -> None:
    register_sender()
    deposit(bank, ct())
    register_once(bank)
    waited = wait(bank, 0)
    assert not waited.ok
    assert "Not idle after 0 s" in waited.said
    assert "0 parcels" in waited.said
    finish_all()
    assert wait(bank, 0).ok


@pytest.mark.parametrize("state", [State.LATER, State.WAITING])
def test_what_cannot_be_done_now_is_not_waited_for(bank: House, state: State) -> None:
    register_sender()
    deposit(bank, ct())
    register_once(bank)
    finish_all(state)
    assert wait(bank, 0).ok


def test_quarantine_is_not_waited_for(bank: House) -> None:
    deposit(bank, ct(), calling_ae="NEW_CT")
    register_once(bank)
    assert wait(bank, 0).ok


def test_a_failure_during_the_wait_is_told(committed: House) -> None:
    """Exit code 1: idle, but something could not be done."""
    register_sender()
    deposit(committed, ct())
    register_once(committed)
    told: list[object] = []

    def waits() -> None:
        from django.db import connection

        told.append(wait(committed, 30))
        connection.close()

    waiting = threading.Thread(target=waits)
    waiting.start()
    waiting.join(0.5)
    assert waiting.is_alive()
    finish_all(State.FAILED)
    waiting.join(30)
    (waited,) = told
    assert not waited.ok
    assert "failed" in waited.said


def test_an_old_failure_does_not_spoil_every_wait(bank: House) -> None:
    register_sender()
    deposit(bank, ct())
    register_once(bank)
    finish_all(State.FAILED)
    assert wait(bank, 0).ok


def test_status_counts_what_the_issue_names(bank: House) -> None:
    found = status(bank)
    assert set(found) >= NAMED
    assert {found[name] for name in NAMED} == {0}


def test_status_follows_an_arrival(bank: House) -> None:
    register_sender()
    same = ct(PatientID="0202501234", StudyInstanceUID="1.2.9", SeriesInstanceUID="1.2.9.1")
    for ds in (ct(), ct(), same, same):
        deposit(bank, ds)
    deposit(bank, ct(PatientID=None))
    deposit(bank, ct(), calling_ae="NEW_CT")
    assert status(bank)["in_transit"] == 6
    register_once(bank)
    found = status(bank)
    assert (found["in_transit"], found["quarantined"]) == (0, 1)
    assert (found["patients"], found["studies"], found["series"]) == (2, 3, 3)
    assert (found["instances"], found["versions"], found["submissions"]) == (4, 4, 5)
    assert found["jobs_todo"] >= 1
    for lane in set(Outcome.objects.filter(service="analyse").values_list("lane", flat=True)):
        drain(bank, "analyse", lane)
    assert status(bank)["outcomes_failed"] == 0


def test_one_person_at_two_centres_is_one_patient(bank: House) -> None:
    register_sender("OUH", "TPS", "10.0.0.0/24")
    register_sender("AUH", "ARIA", "10.1.0.0/24")
    deposit(bank, ct())
    deposit(bank, ct(), calling_ae="ARIA", address="10.1.0.7")
    register_once(bank)
    assert status(bank)["patients"] == 1
    bank.clock.at += timedelta(days=1)
