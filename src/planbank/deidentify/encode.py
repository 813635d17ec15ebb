"""Data elements as bytes (PS3.5, section 7.1).

Comes in: tag, VR, value and encoding. Goes out: the encoded element, of even length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from planbank.dicom.elements import ITEM, ITEM_END, SEQUENCE_END, SHORT_VRS, UNDEFINED

if TYPE_CHECKING:
    from planbank.dicom.encoding import Encoding

_TEXT_PADDED = frozenset(
    (
        *(b"AE", b"AS", b"CS", b"DA", b"DS", b"DT", b"IS", b"LO", b"LT", b"PN", b"SH", b"ST", b"TM"),
        *(b"UC", b"UR", b"UT"),
    )
)


def _order(encoding: Encoding) -> Literal["little", "big"]:
    return "little" if encoding.little else "big"


def head(tag: int, vr: bytes, length: int, encoding: Encoding) -> bytes:
    """Tag, VR and length. A length that a short VR cannot say is written as UN (PS3.5, section 6.2.2)."""
    order = _order(encoding)
    start = (tag >> 16).to_bytes(2, order) + (tag & 0xFFFF).to_bytes(2, order)
    if not encoding.explicit:
        return start + length.to_bytes(4, order)
    if vr in SHORT_VRS and length <= 0xFFFF:
        return start + vr + length.to_bytes(2, order)
    return start + (b"UN" if vr in SHORT_VRS else vr) + b"\0\0" + length.to_bytes(4, order)


def element(tag: int, vr: bytes, value: bytes, encoding: Encoding) -> bytes:
    """A whole element, padded to an even length by the rule of its VR (PS3.5, section 6.2)."""
    if len(value) % 2:
        value += b" " if vr in _TEXT_PADDED else b"\0"
    return head(tag, vr, len(value), encoding) + value


def sequence_start(tag: int, encoding: Encoding) -> bytes:
    """A sequence of undefined length (PS3.5, section 7.5)."""
    return head(tag, b"SQ", UNDEFINED, encoding)


def mark(tag: int, length: int, encoding: Encoding) -> bytes:
    """An item's head or one of the two delimiters: they have no VR."""
    order = _order(encoding)
    return (tag >> 16).to_bytes(2, order) + (tag & 0xFFFF).to_bytes(2, order) + length.to_bytes(4, order)


def item_start(encoding: Encoding) -> bytes:
    """An item of undefined length."""
    return mark(ITEM, UNDEFINED, encoding)


def item_end(encoding: Encoding) -> bytes:
    """The end of an item of undefined length."""
    return mark(ITEM_END, 0, encoding)


def sequence_end(encoding: Encoding) -> bytes:
    """The end of a sequence of undefined length."""
    return mark(SEQUENCE_END, 0, encoding)
