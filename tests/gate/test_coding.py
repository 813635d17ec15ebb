"""Heads of elements in each transfer syntax."""

from __future__ import annotations

import pytest

from planbank.gate.coding import BIG_ENDIAN, EXPLICIT, IMPLICIT, Coding, coding_of, is_vr
from planbank.gate.uids import TRANSFER_SYNTAXES


def test_every_syntax_that_is_taken_has_a_coding() -> None:
    others = TRANSFER_SYNTAXES - {"1.2.840.10008.1.2", "1.2.840.10008.1.2.2"}
    assert coding_of("1.2.840.10008.1.2") is IMPLICIT
    assert coding_of("1.2.840.10008.1.2.2") is BIG_ENDIAN
    assert {coding_of(uid) for uid in others} == {EXPLICIT}


@pytest.mark.parametrize(("coding", "order"), [(EXPLICIT, "little"), (BIG_ENDIAN, "big")])
def test_an_explicit_head(coding: Coding, order: str) -> None:
    data = (0x0010).to_bytes(2, order) + (0x0020).to_bytes(2, order) + b"LO" + (300).to_bytes(2, order)
    group, number, vr, length = coding.head(data, 0)
    assert (group, number, length) == (0x10, 0x20, 300)
    assert vr in coding.short_vrs
    assert is_vr(vr)


@pytest.mark.parametrize(("coding", "order"), [(EXPLICIT, "little"), (BIG_ENDIAN, "big")])
def test_vrs_with_a_long_length(coding: Coding, order: str) -> None:
    for vr in (b"OB", b"OW", b"SQ", b"UN", b"UT", b"UR", b"UC", b"OV", b"SV", b"ZZ"):
        number = int.from_bytes(vr, order)
        assert number not in coding.short_vrs
        assert is_vr(number)
    assert coding.sq == int.from_bytes(b"SQ", order)
    assert coding.un == int.from_bytes(b"UN", order)


@pytest.mark.parametrize("vr", [b"ob", b"  ", b"\0\0", b"O1", b"[@", b"\xffA"])
def test_what_is_no_vr(vr: bytes) -> None:
    assert not is_vr(int.from_bytes(vr, "little"))
    assert not is_vr(int.from_bytes(vr, "big"))


def test_an_implicit_head_shows_a_first_item() -> None:
    data = b"\x40\x00\x30\xa7\x08\x00\x00\x00" + b"\xfe\xff\x00\xe0" + bytes(4)
    assert IMPLICIT.head(data, 0) == (0x40, 0xA730, 8, IMPLICIT.item_tag)
    assert IMPLICIT.item(data, 8) == (0xFFFE, 0xE000, 0)
