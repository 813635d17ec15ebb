"""Ids in order of time, and headers and trailers that survive JSON or are refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.errors import ParcelDamaged, ParcelError
from planbank.transit.parcel import Header, Trailer, checked_parcel_id, new_parcel_id

TEXT = st.text(max_size=40)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2200, 1, 1)), st.integers(1, 10**9))
def test_ids_sort_by_time(at: datetime, later: int) -> None:
    first = new_parcel_id(at.replace(tzinfo=UTC))
    second = new_parcel_id(at.replace(tzinfo=UTC) + timedelta(milliseconds=later))
    assert checked_parcel_id(first) == first
    assert first < second


def test_ids_of_one_moment_differ() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    assert len({new_parcel_id(at) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("parcel_id", ["", "g" * 32, "A" * 32, "a" * 31, "a" * 32 + "\n", "٣" * 32])
def test_what_is_no_id(parcel_id: str) -> None:
    with pytest.raises(ParcelError):
        checked_parcel_id(parcel_id)


@given(TEXT, st.sampled_from(["object", "event"]), TEXT, TEXT, TEXT, st.booleans())
def test_headers_survive(parcel_id: str, kind: str, calling: str, called: str, uid: str, known: bool) -> None:
    header = Header(parcel_id, kind, "a", calling, called, "192.0.2.7", "2026", uid, sender_known=known)  # type: ignore[arg-type]
    assert Header.from_json(header.to_json()) == header


GOOD = json.loads(Header("a" * 32, "object", "a", "TPS", "PB", "192.0.2.7", "2026").to_json())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b"[" * 100_000,
        b"{}",
        json.dumps(GOOD | {"more": 1}).encode(),
        json.dumps(GOOD | {"kind": "order"}).encode(),
        json.dumps(GOOD | {"address": 7}).encode(),
        json.dumps(GOOD | {"parcel_id": ["a"]}).encode(),
        json.dumps(GOOD | {"sender_known": "yes"}).encode(),
    ],
)
def test_what_is_no_header(content: bytes) -> None:
    with pytest.raises(ParcelDamaged):
        Header.from_json(content)


@given(st.integers(0, 2**60), st.binary(min_size=32, max_size=32))
def test_trailers_survive(size: int, digest: bytes) -> None:
    trailer = Trailer(size, digest.hex())
    assert Trailer.from_json(trailer.to_json().ljust(160)) == trailer
    assert len(trailer.to_json()) <= 160


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b'{"size": 1}',
        b'{"size": -1, "content_hash": "%s"}' % (b"a" * 64),
        b'{"size": true, "content_hash": "%s"}' % (b"a" * 64),
        b'{"size": 1.0, "content_hash": "%s"}' % (b"a" * 64),
        b'{"size": 1, "content_hash": "%s"}' % (b"A" * 64),
        b'{"size": 1, "content_hash": 5}',
    ],
)
def test_what_is_no_trailer(content: bytes) -> None:
    with pytest.raises(ParcelDamaged):
        Trailer.from_json(content)
