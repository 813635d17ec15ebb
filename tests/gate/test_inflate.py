"""Deflated data sets: the caps, the end, and what may follow it."""

from __future__ import annotations

import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.errors import ObjectRefused
from planbank.gate.coding import EXPLICIT
from planbank.gate.inflate import Inflate
from planbank.gate.structure import Structure
from tests.gate.data_sets import Element, data_sets, encode, pieces, uids

PLAIN = encode([*uids(), (0x7FE0, 0x10, "OW", bytes(1_000_000))], "explicit")


def deflate(data: bytes, level: int = 6) -> bytes:
    engine = zlib.compressobj(level, zlib.DEFLATED, -15)
    return engine.compress(data) + engine.flush()


def inflate(data: bytes, sizes: list[int] | None = None) -> int:
    """The status of a deflated data set; 0 where it is accepted."""
    walk = Inflate(Structure(EXPLICIT, ()))
    try:
        for piece in pieces(data, sizes or [131072]):
            walk.feed(piece)
        walk.end()
    except ObjectRefused as refused:
        return refused.status
    return 0


@given(data_sets, st.lists(st.integers(1, 60), min_size=1, max_size=5), st.integers(0, 9))
def test_what_is_valid_passes_in_pieces_of_any_size(
    elements: list[Element], sizes: list[int], level: int
) -> None:
    assert inflate(deflate(encode(elements, "explicit"), level), sizes) == 0


@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer(data: bytes) -> None:
    assert inflate(data, [7]) in (0, 0xC000)


@pytest.mark.parametrize("size", [1, 100, 131072])
@pytest.mark.parametrize(
    ("behind", "status"),
    [
        (b"", 0),
        (b"\0", 0),
        (zlib.crc32(PLAIN).to_bytes(4, "little") + len(PLAIN).to_bytes(4, "little"), 0),
        (zlib.crc32(PLAIN).to_bytes(4, "little") + len(PLAIN).to_bytes(4, "little") + b"\0", 0),
        (b" ", 0xC000),
        (b"\0\0", 0xC000),
        (b"8 bytes.", 0xC000),
        (bytes(10), 0xC000),
        (bytes(1000), 0xC000),
    ],
)
def test_what_follows_the_end(size: int, behind: bytes, status: int) -> None:
    assert inflate(deflate(PLAIN) + behind, [size]) == status


def test_a_stream_cut_short_is_refused() -> None:
    data = deflate(PLAIN)
    assert inflate(data[:-1]) == inflate(data[: len(data) // 2]) == 0xC000


def test_a_broken_data_set_is_found_inside() -> None:
    assert inflate(deflate(PLAIN[:-1])) == 0xC000
    assert inflate(deflate(PLAIN + b"\0")) == 0xC000
    assert inflate(PLAIN) == 0xC000


def test_a_bomb_ends_at_the_ratio_and_takes_no_memory() -> None:
    """Ten gigabytes of zeros in ten megabytes."""
    begin = encode(uids(), "explicit") + b"\xe0\x7f\x10\x00OW\0\0\xf0\xff\xff\xff"
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    walk = Inflate(Structure(EXPLICIT, ()))
    walk.feed(engine.compress(begin) + engine.flush(zlib.Z_SYNC_FLUSH))
    megabyte = engine.compress(bytes(1 << 20)) + engine.flush(zlib.Z_FULL_FLUSH)
    tracemalloc.start()
    try:
        with pytest.raises(ObjectRefused) as caught:
            for _ in range(10_000):
                walk.feed(megabyte)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    assert caught.value.status == 0xC000


def test_it_ends_at_the_cap_whatever_the_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planbank.gate.inflate.MOST", len(PLAIN))
    assert inflate(deflate(PLAIN)) == 0
    monkeypatch.setattr("planbank.gate.inflate.MOST", len(PLAIN) - 1)
    assert inflate(deflate(PLAIN)) == 0xC000
