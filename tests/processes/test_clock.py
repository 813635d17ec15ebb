"""The process `clock`: what happens by itself."""

from __future__ import annotations

from datetime import timedelta

from planbank.catalogue.models import QuarantinedParcel
from planbank.house import House
from planbank.journal.models import Entry
from planbank.journal.record import Actor, record
from planbank.people.models import Sender
from planbank.pipeline.due import make_due
from planbank.pipeline.models import Outcome
from planbank.processes import clock
from tests.aside import set_aside
from tests.sending import ct, deposit, register_sender


def test_each_second_the_journal_is_sealed(bank: House) -> None:
    for number in range(1001):
        record(Actor("command", "test"), "act", bank.clock.now(), object_id=number)
    clock.tick(bank)
    assert not Entry.objects.filter(seal_number=None).exists()


def test_the_gate_is_told_of_senders_once_they_change(bank: House) -> None:
    """R10: registered, switched off; nothing is published when nothing changed."""
    register_sender("OUH", "TPS", "10.0.0.0/24")
    clock.tick(bank)
    published = bank.tray.read("senders")
    assert published is not None
    assert published["senders"] == [{"ae_title": "TPS", "networks": ["10.0.0.0/24"]}]
    assert published["called"] == ["PLANBANK"]
    stamp = bank.tray.changed("senders")
    clock.tick(bank)
    assert bank.tray.changed("senders") == stamp
    Sender.objects.update(is_active=False)
    clock.tick(bank)
    assert bank.tray.changed("senders") > stamp
    assert bank.tray.read("senders")["senders"] == []


def test_the_gate_never_learns_of_institutions(bank: House) -> None:
    register_sender("OUH", "TPS", "10.0.0.0/24")
    clock.tick(bank)
    assert "OUH" not in str(bank.tray.read("senders"))


def test_a_damaged_list_of_senders_is_written_anew(bank: House, monkeypatch: object) -> None:
    clock.tick(bank)
    good, read = bank.tray.read("senders"), bank.tray.read

    def damaged(name: str) -> object:
        raise ValueError("not JSON")

    bank.tray.read = damaged  # type: ignore[method-assign]
    stamp = bank.tray.changed("senders")
    clock.tick(bank)
    bank.tray.read = read  # type: ignore[method-assign]
    assert bank.tray.changed("senders") > stamp
    assert bank.tray.read("senders") == good


def test_what_a_dead_process_decided_is_carried_out(bank: House) -> None:
    """I8: a release was committed, and the site ended before the parcels were moved."""
    rows = set_aside(bank, 2)
    QuarantinedParcel.objects.filter(pk=rows[0].pk).update(state="released")
    clock._sweep(bank)
    assert bank.tray.waiting() == [rows[0].parcel_id]
    assert bank.tray.quarantined() == [rows[1].parcel_id]


def test_work_that_lost_its_job_is_queued(bank: House) -> None:
    register_sender()
    deposit(bank, ct())
    from planbank.services.register import register_once

    register_once(bank)
    from procrastinate.contrib.django.models import ProcrastinateJob

    Outcome.objects.exclude(service="analyse").delete()
    queued = ProcrastinateJob.objects.count()
    make_due("analyse", Outcome.objects.values_list("subject_id", "lane"), bank.clock.now(), defer=False)
    Outcome.objects.update(lane="lane:lost")
    bank.clock.at += timedelta(minutes=1)
    clock._sweep(bank)
    assert ProcrastinateJob.objects.count() == queued + 1


def test_a_new_bank_is_made_due_once(bank: House) -> None:
    clock._begin(bank)
    assert not Outcome.objects.exists(), "there is nothing in the bank yet"
    clock._begin(bank)
