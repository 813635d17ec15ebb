"""Rows in bulk, those that are there passed over (receive.md: unique constraints and upserts)."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from planbank.catalogue.models import InstanceVersion
from planbank.house import House
from planbank.people.models import Institution
from planbank.services.register.insert import insert_new
from tests.catalogue.rows import CT, EXPLICIT, Rows

KEY = ["sop_instance_uid", "content_hash"]


def version(house: House, uid: str, **fields: object) -> InstanceVersion:
    values = {"content_hash": "0" * 64, "sop_class_uid": CT, "transfer_syntax_uid": EXPLICIT, "size": 5}
    return InstanceVersion(sop_instance_uid=uid, first_received_at=house.clock.now(), **{**values, **fields})


def test_only_what_was_not_there_is_inserted_and_told(bank: House) -> None:
    first = insert_new([version(bank, "1.2"), version(bank, "1.3")], KEY)
    second = insert_new([version(bank, "1.3", size=9), version(bank, "1.4", facts={"rows": [1, None]})], KEY)
    assert set(first) == {("1.2", "0" * 64), ("1.3", "0" * 64)}
    assert set(second) == {("1.4", "0" * 64)}
    rows = {row.sop_instance_uid: row for row in InstanceVersion.objects.all()}
    assert {uid: row.size for uid, row in rows.items()} == {"1.2": 5, "1.3": 5, "1.4": 5}
    assert rows["1.4"].facts == {"rows": [1, None]}
    assert rows["1.2"].facts is None and rows["1.2"].headers is None
    assert rows["1.4"].pk == second["1.4", "0" * 64]


def test_the_same_row_twice_in_one_statement_is_one_row(bank: House) -> None:
    assert len(insert_new([version(bank, "1.2"), version(bank, "1.2")], KEY)) == 1


def test_text_is_kept_as_it_is(bank: House) -> None:
    """What separates elements of an array is text like any other."""
    words = ['a,"b"{c}\\', "", "NULL", "æøå '%s'"]
    made = insert_new([Institution(code=f"X{n}", name=word) for n, word in enumerate(words)], ["code"])
    assert [Institution.objects.get(pk=made[f"X{n}",]).name for n in range(4)] == words


def test_what_breaks_another_rule_is_an_error(bank: House) -> None:
    row = Rows(bank.clock.now()).whole()
    row.pk, row.sop_instance_uid, row.series_id = None, "9.9", 0
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_new([row], ["sop_instance_uid"])
        transaction.get_connection().check_constraints()


def test_nothing_is_nothing(bank: House) -> None:
    assert insert_new([], KEY) == {}
