"""Tombstones lie in the archive and in the database, and each teaches the other (model.md, Erasure)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from planbank.archive.folder import FolderStore
from planbank.erasure.marks import object_mark
from planbank.erasure.models import Tombstone
from planbank.erasure.tombstones import Standing, forgotten, lay, lift, remember
from planbank.errors import KeyMissing
from planbank.house import House
from planbank.transit.keys import KeyFolder


@pytest.fixture(params=["memory", "folder"])
def kept(request: pytest.FixtureRequest, bank: House, tmp_path: Path) -> House:
    """A bank whose archive is in memory, and one whose archive is a folder."""
    if request.param == "memory":
        return bank
    store = FolderStore(tmp_path / "archive")
    return House(bank.settings, store, bank.tray, bank.keys, bank.clock)


def mark(house: House, uid: str = "1.2.3") -> str:
    return object_mark(KeyFolder(house.keys).vault_key(), "OUH", uid)


def test_laid_standing_and_lifted(kept: House) -> None:
    uid, at = uuid4(), kept.clock.now()
    assert Standing.load(kept).has_object("OUH", "1.2.3") is None
    key = lay(kept, uid, [mark(kept), mark(kept, "1.2.4")], at)
    assert lay(kept, uid, [mark(kept, "1.2.4"), mark(kept)], at) == key  # again: the same
    assert list(kept.store.keys("tombstones/")) == [key] and Tombstone.objects.count() == 2
    standing = Standing.load(kept)
    assert standing.has_object("OUH", "1.2.3") == at
    assert standing.has_object("AUH", "1.2.3") is None and standing.has_object("OUH", "1.2.5") is None
    assert lift(kept, uid, at) == 2
    assert Standing.load(kept).has_object("OUH", "1.2.3") is None


@pytest.mark.parametrize("is_lifted", [False, True])
def test_a_new_database_learns_them_from_the_archive(kept: House, is_lifted: bool) -> None:
    """A rebuilt or restored database knows what stands, and what was lifted."""
    uid, at = uuid4(), kept.clock.now()
    lay(kept, uid, [mark(kept)], at)
    if is_lifted:
        lift(kept, uid, at + timedelta(hours=1))
    Tombstone.objects.all().delete()
    assert len(forgotten(kept)) == 1 + is_lifted
    assert remember(kept) == 1 and remember(kept) == 0
    assert forgotten(kept) == []
    assert (Standing.load(kept).has_object("OUH", "1.2.3") is None) is is_lifted


def test_nothing_in_the_archive_tells_whom_it_was_about(kept: House) -> None:
    lay(kept, uuid4(), [mark(kept, "1.2.840.99999")], kept.clock.now())
    (key,) = kept.store.keys("tombstones/")
    with kept.store.open(key) as stream:
        assert b"1.2.840.99999" not in stream.read() and "99999" not in key


def test_without_the_key_of_the_vault_marks_cannot_be_judged(kept: House) -> None:
    Standing.load(kept)  # no marks: no key is asked for
    lay(kept, uuid4(), [mark(kept)], kept.clock.now())
    (kept.keys / "vault.key").unlink()
    with pytest.raises(KeyMissing):
        Standing.load(kept)
