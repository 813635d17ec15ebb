"""Bytes between parcel and archive: small ones in memory, large ones in a part."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.archive.folder import FolderStore
from planbank.archive.memory import MemoryStore
from planbank.errors import StoreError
from planbank.services.register import incoming
from planbank.services.register.incoming import Incoming

KEY = "objects/ab/" + "ab" * 32


@pytest.mark.parametrize("limit", [0, 5, 1000])
def test_what_was_written_is_what_is_seen_and_kept(
    limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "IN_MEMORY", limit)
    store = FolderStore(tmp_path / "archive")
    content = Incoming(store)
    assert [content.write(piece) for piece in (b"one ", b"two ", b"three")] == [4, 4, 5]
    assert bytes(content.head(7)) == b"one two"
    assert bytes(content.head(13)) == b"one two three"
    content.keep(KEY)
    with store.open(KEY) as stream:
        assert stream.read() == b"one two three"
    assert list((tmp_path / "archive" / "parts").iterdir()) == []


@pytest.mark.parametrize("limit", [0, 1000])
def test_what_is_dropped_leaves_nothing(limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "IN_MEMORY", limit)
    content = Incoming(FolderStore(tmp_path / "archive"))
    content.write(b"something")
    content.drop()
    assert [p for p in (tmp_path / "archive").rglob("*") if p.is_file()] == []


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FolderStore(tmp_path / "archive")
    content = Incoming(store)
    content.write(b"something")

    def full(part: Path, key: str) -> bool:
        raise StoreError("No space left on device.")

    monkeypatch.setattr(store, "link", full)
    with pytest.raises(StoreError):
        content.keep(KEY)
    assert [p for p in (tmp_path / "archive").rglob("*") if p.is_file()] == []


@given(st.lists(st.binary(max_size=40), max_size=12), st.integers(0, 60))
def test_where_the_border_lies_never_shows(pieces: list[bytes], limit: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(incoming, "IN_MEMORY", limit)
        store = MemoryStore()
        content, whole = Incoming(store), b"".join(pieces)
        for piece in pieces:
            content.write(piece)
        assert bytes(content.head(len(whole))) == whole
        content.keep(KEY)
        with store.open(KEY) as stream:
            assert stream.read() == whole
