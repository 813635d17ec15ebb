"""What counts as a UID, as storage, as a transfer syntax; held against another's dictionary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom._uid_dict import UID_dictionary

from planbank.gate.uids import (
    TRANSFER_SYNTAXES,
    VERIFICATION,
    is_standard_storage,
    is_uid,
    is_vendor_storage,
)

SOP_CLASSES = {uid: row[0] for uid, row in UID_dictionary.items() if row[1] == "SOP Class"}
SYNTAXES = {uid: row[0] for uid, row in UID_dictionary.items() if row[1] == "Transfer Syntax"}
# Retired so long ago that the dictionary has lost their names.
NAMELESS = {"1.2.840.10008.5.1.4.1.1.12.77", "1.2.840.10008.5.1.4.1.1.40"}
NOT_SENT = {"1.2.840.10008.1.3.10"}  # a directory of media
NO_OBJECTS = ("JPIP", "SMPTE", "MIME", "XML", "Papyrus")


def test_exactly_the_storage_classes_of_the_standard_are_storage() -> None:
    storage = {uid for uid, name in SOP_CLASSES.items() if "Storage" in name and "Commitment" not in name}
    taken = {uid for uid in SOP_CLASSES if is_standard_storage(uid)}
    assert taken == (storage - NOT_SENT) | NAMELESS


def test_a_class_of_an_edition_to_come_is_storage() -> None:
    assert is_standard_storage("1.2.840.10008.5.1.4.1.1.481.99")
    assert not is_standard_storage(VERIFICATION)
    assert not is_standard_storage("1.2.840.10008.5.1.4.1.2.2.1")


@pytest.mark.parametrize(
    "uid", ["1.2.246.352.70.1.70", "1.2.840.113619.4.5.249", "1.3.12.2.1107.5.9.1", "1.3.46.670589.5.0.1.1"]
)
def test_private_storage_of_vendors_is_known(uid: str) -> None:
    assert is_vendor_storage(uid)
    assert not is_standard_storage(uid)


def test_every_syntax_that_carries_whole_objects_is_taken() -> None:
    whole = {uid for uid, name in SYNTAXES.items() if not name.startswith(NO_OBJECTS) and "MIME" not in name}
    assert whole <= TRANSFER_SYNTAXES
    assert not {uid for uid in SYNTAXES if uid not in whole} & TRANSFER_SYNTAXES


@pytest.mark.parametrize("uid", ["1", "1.2.840", "01.002.0003", "1." + "2" * 62, "1.2."])
def test_harmless_uids_pass_leading_zeros_too(uid: str) -> None:
    assert is_uid(uid)


@pytest.mark.parametrize(
    "uid", ["", "1." + "2" * 63, "1..2", "../1", "1/2", "1.2\n", "1.2 ", "1.2\0", "1.a", "\u0661.2", "1\\2"]
)
def test_what_could_be_more_than_a_uid_does_not_pass(uid: str) -> None:
    assert not is_uid(uid)


@given(st.text(max_size=80))
def test_nothing_but_digits_and_dots_ever_passes(text: str) -> None:
    if is_uid(text):
        assert set(text) <= set("0123456789.")
        assert len(text) <= 64
