"""Keys come from hashes and ids only, and fan out by themselves."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.archive.names import (
    arrival_key,
    checked_key,
    checked_prefix,
    content_digest,
    is_key,
    object_key,
)
from planbank.errors import StoreError
from planbank.transit.parcel import new_parcel_id


@given(st.binary(min_size=32, max_size=32))
def test_object_keys(digest: bytes) -> None:
    key = object_key(digest.hex())
    assert key == f"objects/{digest.hex()[:2]}/{digest.hex()}"
    assert checked_key(key) == key


def test_arrivals_of_one_minute_share_a_folder() -> None:
    at = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
    ids = [new_parcel_id(at + timedelta(seconds=step)) for step in range(60)]
    keys = [arrival_key(parcel_id) for parcel_id in ids]
    assert len({key.split("/")[1] for key in keys}) == 1
    assert keys == sorted(keys)
    assert all(checked_key(key) == f"arrivals/{i[:7]}/{i}.json" for key, i in zip(keys, ids, strict=True))


@pytest.mark.parametrize("text", ["", "a" * 63, "A" * 64, "g" * 64, "../" + "a" * 61, "a" * 64 + "\n"])
def test_what_is_no_hash(text: str) -> None:
    with pytest.raises(StoreError):
        object_key(text)


@pytest.mark.parametrize("text", ["", "a" * 31, "A" * 32, "1.2.840.10008.1.2.1", "../" + "a" * 29])
def test_what_is_no_id(text: str) -> None:
    with pytest.raises(StoreError):
        arrival_key(text)


@given(st.text(alphabet="ab./-_A\n", max_size=12))
def test_keys_never_climb(text: str) -> None:
    if is_key(text):
        assert ".." not in text.split("/")
        assert not text.startswith("/")
        assert all(segment and segment[0] not in ".-" for segment in text.split("/"))
        for end in range(len(text) + 1):
            prefix = text[:end]
            assert checked_prefix(prefix) == prefix
    else:
        with pytest.raises(StoreError):
            checked_key(text)


def test_a_refused_key_is_not_repeated() -> None:
    with pytest.raises(StoreError) as caught:
        checked_key("Doe^Jane/../x")
    assert "Doe" not in str(caught.value)


def test_content_digest() -> None:
    digest = content_digest("1.2.840.10008.1.2.1")
    digest.update(b"data set")
    assert digest.hexdigest() == hashlib.sha256(b"1.2.840.10008.1.2.1\ndata set").hexdigest()
