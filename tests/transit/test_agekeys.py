"""The files of transit keys say since when, and what cannot be a key is named without being shown."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.errors import KeyMissing
from planbank.transit.agekeys import TransitKey, new_key, private_text, public_text, read_keys

AT = datetime(2026, 11, 23, 1, 50, tzinfo=UTC)
ESCROW = TransitKey(new_key(AT).public, AT, escrow=True, label="The safe, 2nd floor (Jørgen)")


def without_secret(key: TransitKey) -> TransitKey:
    return TransitKey(key.public, key.since, escrow=key.escrow, label=key.label)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    keys = [new_key(AT), new_key(AT.replace(year=2025))]
    (tmp_path / "transit.key").write_bytes(private_text(keys))
    (tmp_path / "transit.pub").write_bytes(public_text([*keys, ESCROW]))
    assert read_keys(tmp_path / "transit.key") == keys
    assert read_keys(tmp_path / "transit.pub") == [*map(without_secret, keys), ESCROW]


@given(st.text(st.characters(exclude_categories=["C", "Z"]), max_size=80))
def test_any_label_comes_back(label: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "transit.pub"
        file.write_bytes(public_text([TransitKey(ESCROW.public, AT, escrow=True, label=label)]))
        assert read_keys(file)[0].label == label


def test_files_of_age_itself_are_read(tmp_path: Path) -> None:
    """age-keygen writes 'created' and 'public key' before the key."""
    identity = pyrage.x25519.Identity.generate()
    file = tmp_path / "key.txt"
    file.write_text(f"# created: 2026-01-01T00:00:00Z\n# public key: {identity.to_public()}\n{identity}\n")
    os.utime(file, (AT.timestamp(), AT.timestamp()))
    assert read_keys(file) == [TransitKey(str(identity.to_public()), AT, str(identity))]


@pytest.mark.parametrize("line", ["junk", "age1junk", "AGE-SECRET-KEY-1JUNK"])
def test_what_is_no_key_is_not_shown(tmp_path: Path, line: str) -> None:
    file = tmp_path / "transit.key"
    file.write_text(f"{new_key(AT).secret}\n{line}\n")
    with pytest.raises(KeyMissing) as caught:
        read_keys(file)
    assert line not in str(caught.value)
    assert str(file) in str(caught.value)


def test_an_empty_file_and_a_bad_time(tmp_path: Path) -> None:
    file = tmp_path / "transit.pub"
    file.write_text("# since 2026\n")
    with pytest.raises(KeyMissing, match="no key"):
        read_keys(file)
    file.write_text(f"# since yesterday\n{ESCROW.public}\n")
    os.utime(file, (AT.timestamp(), AT.timestamp()))
    assert read_keys(file)[0].since == AT


def test_a_key_never_shows_its_secret() -> None:
    key = new_key(AT)
    assert key.secret not in repr(key)
    assert key.fingerprint == without_secret(key).fingerprint
