"""A wrong or lost transit key costs nothing but time (security.md, fault 24)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from planbank.catalogue.models import QuarantinedParcel, Submission
from planbank.house import House
from planbank.journal.models import Entry
from planbank.services.register import register_once
from planbank.services.register.again import Again, let_in_again
from planbank.transit.agekeys import new_key, private_text
from planbank.transit.folder import FolderTray
from planbank.transit.keys import KeyFolder
from planbank.transit.rotation import bring_back
from planbank.transit.seal import Recipients
from planbank.transit.unseal import Opener
from tests.sending import ct, deposit, register_sender


@pytest.fixture
def house(house: House, tmp_path: Path) -> House:
    """With a transit area whose keys are followed, as running processes have them."""
    keys = KeyFolder(house.keys)
    tray = FolderTray(
        tmp_path / "transit",
        recipients=Recipients.load(keys.file("transit.pub")),
        signer=keys.signer("gate"),
        opener=Opener.load(keys.file("transit.key")),
        verifiers=keys.verifiers(),
    )
    return replace(house, tray=tray)


def test_a_wrong_key_sets_aside_and_the_old_one_lets_in_again(bank: House, tmp_path: Path) -> None:
    register_sender()
    for _ in range(3):
        deposit(bank, ct())
    deposit(bank, ct(), calling_ae="STRANGER")
    keys = KeyFolder(bank.keys)
    backup = tmp_path / "backup"
    backup.write_bytes(keys.file("transit.key").read_bytes())
    keys.file("transit.key").write_bytes(private_text([new_key(datetime.now(UTC))]))
    register_once(bank)
    assert set(QuarantinedParcel.objects.values_list("reason", "state")) == {("unreadable", "waiting")}
    assert (len(bank.tray.quarantined()), len(bank.tray.waiting())) == (4, 0)
    assert let_in_again(bank) == 0
    bring_back(keys, backup, bank.clock.now())
    assert let_in_again(bank) == 4
    assert let_in_again(bank) == 0
    register_once(bank)
    assert Submission.objects.count() == 3
    assert bank.tray.waiting() == []
    rows = sorted(QuarantinedParcel.objects.values_list("reason", "state", "calling_ae"))
    assert rows == [("unknown-sender", "waiting", "STRANGER"), *[("unreadable", "done", "")] * 3]
    assert len(bank.tray.quarantined()) == 1
    [entry] = Entry.objects.filter(action="release from quarantine")
    assert (entry.actor, entry.detail) == ("register", {"reason": "unreadable", "files": 4})


def test_what_a_person_deleted_meanwhile_stays_deleted(bank: House, tmp_path: Path) -> None:
    register_sender()
    deposit(bank, ct())
    keys = KeyFolder(bank.keys)
    key = keys.file("transit.key").read_bytes()
    keys.file("transit.key").write_bytes(private_text([new_key(datetime.now(UTC))]))
    register_once(bank)
    QuarantinedParcel.objects.update(state=QuarantinedParcel.State.DELETED)
    keys.file("transit.key").write_bytes(key)
    assert let_in_again(bank) == 0
    QuarantinedParcel.objects.update(state=QuarantinedParcel.State.WAITING)
    bank.tray.delete(bank.tray.quarantined()[0])
    assert let_in_again(bank) == 0, "the parcel is gone"


def test_it_is_tried_now_and_then() -> None:
    again = Again()
    assert [again.due(), again.due()] == [True, False]
