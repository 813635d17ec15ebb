"""What every archive must do: run on the folder, on its twin in memory, and on a bucket of a real server."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planbank.archive.folder import FolderStore
from planbank.archive.memory import MemoryStore
from planbank.errors import ObjectMissing, StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from planbank.archive.store import Store
    from tests.s3_server import S3Server

KEY = "objects/ab/" + "ab" * 32
OTHER = "objects/cd/" + "cd" * 32


@pytest.fixture(params=["folder", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "s3":
        server: S3Server = request.getfixturevalue("s3_server")
        return server.store(tmp_path)
    return FolderStore(tmp_path / "archive") if request.param == "folder" else MemoryStore()


def content(store: Store, key: str) -> bytes:
    with store.open(key) as stream:
        return stream.read()


def test_kept_bytes_come_back(store: Store) -> None:
    part = store.part()
    assert part.write(b"one ") == 4
    assert part.write(memoryview(b"two")) == 3
    assert part.keep(KEY) is True
    store.settle()
    assert content(store, KEY) == b"one two"
    assert store.size(KEY) == 7
    assert store.exists(KEY)


def test_streams_can_be_sought(store: Store) -> None:
    store.put(KEY, b"0123456789")
    with store.open(KEY) as stream:
        stream.seek(-3, io.SEEK_END)
        assert stream.read() == b"789"
        stream.seek(2)
        assert stream.read(2) == b"23"


def test_first_bytes_stay(store: Store) -> None:
    assert store.put(KEY, b"first") is True
    assert store.put(KEY, b"second, longer") is False
    part = store.part()
    part.write(b"third")
    assert part.keep(KEY) is False
    assert content(store, KEY) == b"first"


def test_no_bytes_are_an_object_too(store: Store) -> None:
    assert store.put(KEY, b"") is True
    assert store.put(KEY, b"") is False
    assert store.exists(KEY)
    assert content(store, KEY) == b""


def test_a_part_is_invisible_until_kept(store: Store) -> None:
    part = store.part()
    part.write(b"bytes")
    assert list(store.keys()) == []
    assert not store.exists(KEY)
    part.keep(KEY)
    assert list(store.keys()) == [KEY]


def test_head_of_a_part(store: Store) -> None:
    part = store.part()
    part.write(b"DICM")
    part.write(b"and more")
    assert part.read_head(6) == b"DICMan"
    assert part.read_head(100) == b"DICMand more"
    part.write(b"!")
    part.keep(KEY)
    assert content(store, KEY) == b"DICMand more!"


def test_a_dropped_part_leaves_nothing(store: Store) -> None:
    part = store.part()
    part.write(b"bytes")
    part.drop()
    part.drop()
    assert list(store.keys()) == []


def test_drop_after_keep_takes_nothing_away(store: Store) -> None:
    part = store.part()
    part.write(b"bytes")
    part.keep(KEY)
    part.drop()
    assert content(store, KEY) == b"bytes"


@pytest.mark.parametrize("end", ["keep", "drop"])
def test_an_ended_part_takes_nothing(store: Store, end: str) -> None:
    part = store.part()
    part.keep(KEY) if end == "keep" else part.drop()
    with pytest.raises(StoreError):
        part.write(b"late")
    with pytest.raises(StoreError):
        part.keep(OTHER)
    assert OTHER not in list(store.keys())


def test_of_many_threads_one_keeps(store: Store) -> None:
    def keep(number: int) -> tuple[int, bool]:
        part = store.part()
        part.write(b"%d" % number * 1000)
        new = part.keep(KEY)
        store.settle()
        return number, new

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(keep, range(24)))
    winners = [number for number, new in results if new]
    assert len(winners) == 1
    assert content(store, KEY) == b"%d" % winners[0] * 1000


def test_missing_objects(store: Store) -> None:
    assert not store.exists(KEY)
    with pytest.raises(ObjectMissing):
        store.open(KEY)
    with pytest.raises(ObjectMissing):
        store.size(KEY)


def test_erase(store: Store) -> None:
    store.put(KEY, b"bytes")
    assert store.erase(KEY) is True
    assert store.erase(KEY) is False
    assert not store.exists(KEY)
    with pytest.raises(ObjectMissing):
        store.open(KEY)
    assert list(store.keys()) == []
    assert store.put(KEY, b"new") is True
    assert content(store, KEY) == b"new"


def test_an_open_stream_survives_erasure(store: Store) -> None:
    store.put(KEY, b"bytes")
    with store.open(KEY) as stream:
        store.erase(KEY)
        assert stream.read() == b"bytes"


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("", {"objects/ab/abc", "objects/ab/abd", "objects/ac/x", "arrivals/018f/y.json"}),
        ("objects/", {"objects/ab/abc", "objects/ab/abd", "objects/ac/x"}),
        ("objects/a", {"objects/ab/abc", "objects/ab/abd", "objects/ac/x"}),
        ("objects/ab", {"objects/ab/abc", "objects/ab/abd"}),
        ("objects/ab/abc", {"objects/ab/abc"}),
        ("objects/ab/abc/deeper", set()),
        ("obj", {"objects/ab/abc", "objects/ab/abd", "objects/ac/x"}),
        ("arrivals/018f/y.", {"arrivals/018f/y.json"}),
        ("nothing/here", set()),
    ],
)
def test_keys_by_prefix(store: Store, prefix: str, expected: set[str]) -> None:
    for key in ("objects/ab/abc", "objects/ab/abd", "objects/ac/x", "arrivals/018f/y.json"):
        store.put(key, b"")
    found = list(store.keys(prefix))
    assert len(found) == len(set(found))
    assert set(found) == expected


BAD_KEYS = [
    "", "objects", "/objects/ab", "objects/", "objects//ab", "objects/../ab", "../ab", "objects/..",
    "./objects/ab", "objects/.hidden", "objects/AB", "objects/a b", "objects/a\\b", "objects/a\x00b",
    "objects/ab\n", "objects/ø", "objects/a_b", "objects/-a", "objects/a.", "parts/ab",
    "objects/" + "a" * 200, "/etc/passwd", "c:/ab",
]  # fmt: skip


@pytest.mark.parametrize("key", BAD_KEYS)
def test_bad_keys_are_refused(store: Store, key: str) -> None:
    part = store.part()
    for act in (part.keep, store.open, store.size, store.exists, store.erase):
        with pytest.raises(StoreError) as caught:
            act(key)
        assert not isinstance(caught.value, ObjectMissing)
    part.keep(KEY)  # the part is not lost by it
    assert list(store.keys()) == [KEY]


@pytest.mark.parametrize("prefix", ["../", "objects/../..", "/", "objects//", ".hid", "objects/A", "a\x00"])
def test_bad_prefixes_are_refused(store: Store, prefix: str) -> None:
    with pytest.raises(StoreError):
        list(store.keys(prefix))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fragments=st.lists(st.binary(max_size=5000), max_size=12))
def test_any_fragments_come_back(store: Store, fragments: list[bytes]) -> None:
    whole = b"".join(fragments)
    store.erase(KEY)
    part = store.part()
    for fragment in fragments:
        part.write(fragment)
    assert part.read_head(10) == whole[:10]
    assert part.keep(KEY)
    store.settle()
    assert content(store, KEY) == whole
    assert store.size(KEY) == len(whole)
