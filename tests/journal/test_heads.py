"""A journal that is cut off at its end, or made anew, disagrees with its signed heads (security.md, I5)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from planbank.commands.check import check
from planbank.commands.journal_lost import journal_lost
from planbank.errors import JournalCut, KeyMissing, ParcelDamaged
from planbank.house import House
from planbank.journal import chain, heads
from planbank.journal.heads import EVERY, LOOK_EVERY, Head, Notary
from planbank.journal.models import Entry
from planbank.journal.record import Actor, record


def write(bank: House, count: int) -> None:
    for number in range(count):
        record(Actor("user", "mette"), "view", bank.clock.now(), object_id=number)
    chain.seal_committed()


def later(bank: House, by: timedelta) -> None:
    bank.clock.at += by  # type: ignore[attr-defined]


def cut(after: int) -> None:
    """Somebody with all rights over the database removes the newest entries."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE journal_entry DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM journal_entry WHERE seal_number > %s", [after])
        cursor.execute("ALTER TABLE journal_entry ENABLE TRIGGER USER")


def forge() -> None:
    """Changes an entry and makes the whole chain anew, as somebody can who reads this code."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE journal_entry DISABLE TRIGGER USER")
        cursor.execute("UPDATE journal_entry SET actor = 'jens' WHERE seal_number = 2")
        cursor.execute("UPDATE journal_entry SET seal_number = NULL, seal = ''")
    chain.seal_committed()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE journal_entry ENABLE TRIGGER USER")


def test_signed_when_it_grew_and_not_more_often(bank: House) -> None:
    notary = Notary()
    assert not notary(bank) and heads.newest(bank) is None  # nothing to sign
    write(bank, 3)
    assert notary(bank)
    assert not notary(bank)
    write(bank, 2)
    assert not notary(bank)  # too soon
    later(bank, EVERY)
    assert notary(bank)
    later(bank, 2 * EVERY)
    assert not notary(bank)  # it did not grow
    newest = heads.newest(bank)
    assert newest is not None and (newest.number, newest.seal) == (5, chain.state().seal)
    assert len(list(bank.store.keys("journal/"))) == 2
    assert heads.faults(bank) == []


def test_a_cut_end_is_found_and_nothing_more_is_signed(bank: House) -> None:
    notary = Notary()
    write(bank, 5)
    notary(bank)
    cut(3)
    assert chain.faults() == []  # what is left is whole: the chain alone does not tell
    assert "it ends at seal 3, but seal 5 was signed" in "".join(check(bank))
    later(bank, EVERY)
    with pytest.raises(JournalCut):
        notary(bank)
    write(bank, 9)  # and it does not help to fill it up again
    assert any("is not the one that was signed" in fault for fault in heads.faults(bank))
    with pytest.raises(JournalCut):
        notary(bank)


def test_a_chain_made_anew_is_found(bank: House) -> None:
    write(bank, 4)
    Notary()(bank)
    forge()
    assert chain.faults() == []
    assert heads.faults(bank) == [
        f"journal: seal 4 is not the one that was signed on {bank.clock.now():%Y-%m-%d %H:%M}"
    ]


def test_a_forged_or_damaged_head_is_told(bank: House) -> None:
    write(bank, 2)
    Notary()(bank)
    (key,) = bank.store.keys("journal/")
    with bank.store.open(key) as stream:
        content = stream.read()
    bank.store.put(
        "journal/000000000000009-0000000000000000.json", content.replace(b'"number":2', b'"number":9')
    )
    bank.store.put("journal/000000000000008-0000000000000000.json", b"{}")
    told = heads.faults(bank)
    assert len(told) == 2 and any("changed after it was signed" in fault for fault in told)
    newest = heads.newest(bank)
    assert newest is not None and newest.number == 2


def test_a_restored_backup_is_said_once_and_signing_goes_on(bank: House) -> None:
    """A person says that entries are lost; the statement is signed, journalled, and check is content."""
    notary = Notary()
    write(bank, 5)
    notary(bank)
    cut(3)
    later(bank, EVERY)
    assert "2 entries after seal 3" in journal_lost(bank, "disk broke, last night's backup")
    assert "nothing is lost" in journal_lost(bank, "again")
    chain.seal_committed()
    entry = Entry.objects.get(action="journal entries lost")
    assert entry.detail == {"after_seal": 3, "entries": 2} and entry.purpose.startswith("disk broke")
    assert heads.faults(bank) == []
    later(bank, LOOK_EVERY)
    write(bank, 4)
    assert notary(bank) and heads.faults(bank) == []
    cut(6)
    assert heads.faults(bank) != []


def test_without_the_key_nothing_is_signed_or_believed(bank: House) -> None:
    write(bank, 1)
    Notary()(bank)
    (bank.keys / "site.sign").unlink()
    write(bank, 1)
    later(bank, EVERY)
    with pytest.raises(KeyMissing):
        Notary()(bank)
    (bank.keys / "site.pub").unlink()
    with pytest.raises(KeyMissing):
        heads.faults(bank)


@given(st.binary(max_size=80))
def test_no_bytes_make_a_head_by_chance(body: bytes) -> None:
    with pytest.raises(ParcelDamaged):
        Head.from_json(body)
