"""The database itself keeps the journal append-only (migration 0002); an act without its entry is none."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from planbank.house import House
from planbank.journal.chain import seal_committed
from planbank.journal.models import Entry
from planbank.journal.record import Actor, record
from planbank.people.models import Region


@pytest.fixture
def entry(bank: House) -> Entry:
    return record(Actor("user", "mette"), "export", bank.clock.now(), institution="OUH", rows=3)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE journal_entry SET actor = 'jens'",
        "UPDATE journal_entry SET detail = '{}'",
        "UPDATE journal_entry SET seal = 'x', seal_number = 1, outcome = 'refused'",
        "DELETE FROM journal_entry",
        "TRUNCATE journal_entry",
    ],
)
@pytest.mark.parametrize("sealed", [False, True])
def test_an_entry_can_neither_be_changed_nor_removed(entry: Entry, sql: str, sealed: bool) -> None:
    if sealed:
        seal_committed()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    entry.refresh_from_db()
    assert (entry.actor, entry.outcome, entry.detail) == ("mette", "done", {"rows": 3})


def test_a_seal_is_set_once(entry: Entry) -> None:
    seal_committed()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Entry.objects.update(seal="0" * 64)


def test_djangos_own_ways_are_refused_too(entry: Entry) -> None:
    entry.action = "view"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        entry.save()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        entry.delete()


def test_an_entry_is_rolled_back_with_its_act_and_only_with_it(bank: House) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Region.objects.create(name="Syddanmark")
        record(Actor("command", "apply"), "apply settings", bank.clock.now())
        raise ZeroDivisionError
    assert not Region.objects.exists()
    assert not Entry.objects.exists()


def test_what_is_recorded(entry: Entry) -> None:
    assert (entry.actor_kind, entry.actor, entry.action, entry.institution) == (
        "user",
        "mette",
        "export",
        "OUH",
    )
    assert entry.seal_number is None
