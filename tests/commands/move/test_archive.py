"""An archive copied: all of it, read again, begun again, and never over what is there."""

from __future__ import annotations

from pathlib import Path

from planbank.archive.folder import FolderStore
from planbank.archive.memory import MemoryStore
from planbank.commands.move.archive import copy_archive
from tests.s3_server import S3Server

CONTENT = {f"objects/{n:02x}/{n:064x}": bytes([n]) * (n * 997) for n in range(40)} | {
    "arrivals/018f2ab/0.json": b"{}",
    "tombstones/x.json": b"[]",
    "derived/ab/x.dcm": b"a copy that nobody took yet",
}


def folder_of(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "archive")
    for key, data in CONTENT.items():
        store.put(key, data)
    return store


def test_into_a_bucket_and_begun_again(s3_server: S3Server, tmp_path: Path) -> None:
    source, target = folder_of(tmp_path), s3_server.store(tmp_path)
    told: list[int] = []
    moved = copy_archive(source, target, told.append)
    assert (moved.copied, moved.there, moved.differing) == (len(CONTENT), 0, [])
    assert moved.size == sum(map(len, CONTENT.values()))
    assert told[-1] == len(CONTENT)
    for key, data in CONTENT.items():
        with target.open(key) as stream:
            assert stream.read() == data
    assert set(target.keys()) == set(CONTENT)
    again = copy_archive(source, target)
    assert (again.copied, again.there, again.differing) == (0, len(CONTENT), [])


def test_what_is_there_and_differs_is_named_and_left(tmp_path: Path) -> None:
    source, target = folder_of(tmp_path), MemoryStore()
    key = next(iter(CONTENT))
    target.put(key, b"something else")
    moved = copy_archive(source, target)
    assert moved.differing == [key]
    with target.open(key) as stream:
        assert stream.read() == b"something else"
