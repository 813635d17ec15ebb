"""The journal cannot be changed unnoticed (security.md, Journal; I5)."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from planbank.house import House
from planbank.journal.chain import faults, seal_committed
from planbank.journal.models import Entry
from planbank.journal.record import Actor, record

ACTOR = Actor("user", "mette")


def write(house: House, count: int = 1) -> list[Entry]:
    return [
        record(ACTOR, "view", house.clock.now(), object_kind="plan", object_id=number, objects=number)
        for number in range(count)
    ]


def change(sql: str, *values: object) -> None:
    """What somebody with all rights over the database could do."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE journal_entry DISABLE TRIGGER USER")
        cursor.execute(sql, values)
        cursor.execute("ALTER TABLE journal_entry ENABLE TRIGGER USER")


def test_a_whole_chain_has_no_faults(bank: House) -> None:
    assert faults() == []
    write(bank, 5)
    assert seal_committed() == 5
    assert seal_committed() == 0
    write(bank, 2)
    seal_committed()
    assert faults() == []
    numbers = Entry.objects.order_by("id").values_list("seal_number", flat=True)
    assert list(numbers) == [1, 2, 3, 4, 5, 6, 7]


def test_sealing_is_done_in_portions(bank: House) -> None:
    write(bank, 5)
    assert [seal_committed(2) for _ in range(4)] == [2, 2, 1, 0]
    assert faults() == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "2020-01-01T00:00:00Z"),
        ("actor_kind", "service"),
        ("actor", "jens"),
        ("action", "nothing"),
        ("object_kind", "series"),
        ("object_id", "99"),
        ("institution", "AUH"),
        ("protocol", "P"),
        ("purpose", "other"),
        ("outcome", "refused"),
        ("detail", '{"objects": 0}'),
        ("seal", "0" * 64),
    ],
)
def test_a_changed_entry_is_found(bank: House, column: str, value: str) -> None:
    entry = write(bank, 3)[1]
    seal_committed()
    change(f"UPDATE journal_entry SET {column} = %s WHERE id = %s", value, entry.pk)
    found = faults()
    assert any(f"entry {entry.pk} " in fault for fault in found)


def test_a_removed_entry_is_found(bank: House) -> None:
    entry = write(bank, 3)[1]
    seal_committed()
    change("DELETE FROM journal_entry WHERE id = %s", entry.pk)
    assert any("seal 2 is missing" in fault for fault in faults())


def test_an_entry_put_in_between_is_found(bank: House) -> None:
    first, _second = write(bank, 2)
    seal_committed()
    change(
        "INSERT INTO journal_entry (at, actor_kind, actor, action, object_kind, object_id, institution,"
        " protocol, purpose, outcome, detail, seal_number, seal)"
        " SELECT at, actor_kind, actor, action, object_kind, object_id, institution, protocol, purpose,"
        " outcome, detail, 3, seal FROM journal_entry WHERE id = %s",
        first.pk,
    )
    assert len(faults()) == 1


@given(st.integers(2, 8), st.data())
def test_entries_that_changed_places_are_found(bank: House, count: int, data: st.DataObject) -> None:
    with transaction.atomic():
        entries = write(bank, count)
        seal_committed()
        one, other = data.draw(st.permutations(entries))[:2]
        change("UPDATE journal_entry SET seal_number = NULL WHERE id IN (%s, %s)", one.pk, other.pk)
        one.refresh_from_db()
        other.refresh_from_db()
        places = {e.pk: number for number, e in enumerate(entries, 1)}
        change("UPDATE journal_entry SET seal_number = %s WHERE id = %s", places[other.pk], one.pk)
        change("UPDATE journal_entry SET seal_number = %s WHERE id = %s", places[one.pk], other.pk)
        assert faults()
        transaction.set_rollback(True)


def test_a_transaction_that_commits_late_is_sealed_late(committed: House) -> None:
    """Nothing already sealed moves; the number, not the id, orders the chain."""
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            write(committed)
            begun.set()
            go_on.wait(30)
        connection.close()

    other = threading.Thread(target=slow)
    other.start()
    begun.wait(30)
    (quick,) = write(committed)
    seal_committed()
    go_on.set()
    other.join()
    seal_committed()
    assert faults() == []
    late = Entry.objects.exclude(pk=quick.pk).get()
    quick.refresh_from_db()
    assert late.pk < quick.pk
    assert (quick.seal_number, late.seal_number) == (1, 2)


def test_several_sealers_at_once_make_one_chain(committed: House) -> None:
    done = threading.Event()

    def seal() -> None:
        while not done.is_set():
            seal_committed(7)
        connection.close()

    def act() -> None:
        write(committed, 40)
        connection.close()

    sealers = [threading.Thread(target=seal) for _ in range(3)]
    actors = [threading.Thread(target=act) for _ in range(3)]
    for thread in (*sealers, *actors):
        thread.start()
    for thread in actors:
        thread.join()
    done.set()
    for thread in sealers:
        thread.join()
    while seal_committed():
        pass
    assert faults() == []
    numbers = Entry.objects.order_by("seal_number").values_list("seal_number", flat=True)
    assert list(numbers) == list(range(1, 121))


def test_clocks_that_go_back_do_not_break_the_chain(bank: House) -> None:
    write(bank)
    bank.clock.at -= timedelta(days=400)
    write(bank)
    seal_committed()
    assert faults() == []
