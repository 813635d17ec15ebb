"""Identities: one to one within a copy, disjoint between copies, made by the key alone (R104, R188)."""

from __future__ import annotations

import stat
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planbank.deidentify.keys import UID_LENGTH, CopyKey, fingerprint, new_secret, secret_in
from planbank.errors import DeidentifyError

SECRETS = st.binary(min_size=32, max_size=32)
UIDS = st.from_regex(r"[0-9.]{1,64}", fullmatch=True)


@given(SECRETS, st.sets(UIDS, min_size=1, max_size=30))
@settings(max_examples=60)
def test_uids_are_one_to_one_and_disjoint(secret: bytes, uids: set[str]) -> None:
    first, second = CopyKey(secret, 1), CopyKey(secret, 2)
    mapped = {uid: first.uid(uid) for uid in uids}
    assert len(set(mapped.values())) == len(uids)
    assert not set(mapped.values()) & uids
    assert not set(mapped.values()) & {second.uid(uid) for uid in uids}
    assert mapped == {uid: CopyKey(secret, 1).uid(uid) for uid in uids}


@given(SECRETS, UIDS)
@settings(max_examples=60)
def test_a_uid_is_a_uuid_of_full_length(secret: bytes, uid: str) -> None:
    """PS3.5 annex B.2, RFC 9562 section 5.8; one length, so that no other length depends on a copy."""
    made = CopyKey(secret, 1).uid(uid)
    assert len(made) == UID_LENGTH and made.startswith("2.25.") and made[5] != "0"
    number = UUID(int=int(made[5:]))
    assert (number.version, number.variant) == (8, "specified in RFC 4122")


@given(SECRETS, st.text(max_size=20), st.integers(1, 9999))
@settings(max_examples=60)
def test_a_patient_is_another_one_in_each_copy(secret: bytes, identity: str, number: int) -> None:
    """An ID of 12 characters that says its copy, a plausible birth date, whole days back (security.md)."""
    one = CopyKey(secret, number).patient(identity)
    other = CopyKey(secret, number + 1).patient(identity)
    assert len(one.patient_id) == 12 and set(one.patient_id) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
    assert one.patient_id.startswith(f"{number:03d}-") and one.patient_id != other.patient_id
    assert "19300101" <= one.birth_date <= "19801231"
    assert -4400 < one.days < -730
    assert one == CopyKey(secret, number).patient(identity)


def test_a_key_is_made_once_and_kept_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "key"
    secret = secret_in(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secret_in(path) == secret and len(secret) == 32
    assert secret.hex() not in fingerprint(secret) and fingerprint(secret) != fingerprint(new_secret())


def test_a_file_that_holds_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    for content in ("", "planbank anonymise key 1\nabc\n", "\x00"):
        path.write_text(content)
        with pytest.raises(DeidentifyError, match="does not hold"):
            secret_in(path)
    with pytest.raises(DeidentifyError, match="cannot be made"):
        secret_in(tmp_path / "absent" / "key")
    with pytest.raises(DeidentifyError, match="32 bytes"):
        CopyKey(b"short", 1)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    secret_in(path)
    path.chmod(0o644)
    with pytest.raises(DeidentifyError, match="chmod 600"):
        secret_in(path)
