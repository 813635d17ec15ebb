"""How the heads of elements and items are written in each transfer syntax (PS3.5 sections 7.1, 7.5).

Comes in: a Transfer Syntax UID. Goes out: a `Coding` that reads heads, byte order and VR form settled.
"""

from __future__ import annotations

import struct

UNDEFINED = 0xFFFFFFFF
ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD

DEFLATED_SYNTAX = "1.2.840.10008.1.2.1.99"
_IMPLICIT_SYNTAX = "1.2.840.10008.1.2"
_BIG_ENDIAN_SYNTAX = "1.2.840.10008.1.2.2"

# Every other VR, one of an edition to come included, has a length of four bytes (PS3.5 Table 7.1-1).
_SHORT_VRS = (
    *("AE", "AS", "AT", "CS", "DA", "DS", "DT", "FL", "FD", "IS", "LO", "LT"),
    *("PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US"),
)


class Coding:
    """Byte order and VR form. Two-byte values, VRs among them, are numbers as this order reads them."""

    def __init__(self, order: str, *, explicit: bool) -> None:
        """`order`: '<' little endian, '>' big endian."""
        self.explicit = explicit
        self.head = struct.Struct(order + ("HHHH" if explicit else "HHII")).unpack_from
        """Explicit: group, element, VR, short length. Implicit: group, element, length, and the
        four bytes behind them, which tell a sequence from a value."""
        self.item = struct.Struct(order + "HHI").unpack_from
        """Group, element, length."""
        self.long = struct.Struct(order + "I").unpack_from
        self.short_vrs = frozenset(_number(order, vr) for vr in _SHORT_VRS)
        self.sq = _number(order, "SQ")
        self.un = _number(order, "UN")
        (self.item_tag,) = struct.unpack(order + "I", struct.pack(order + "HH", 0xFFFE, 0xE000))
        """What the four bytes of `head` are where a sequence's first item stands there."""


def _number(order: str, vr: str) -> int:
    (number,) = struct.unpack(order + "H", vr.encode("ascii"))
    return int(number)


IMPLICIT = Coding("<", explicit=False)
EXPLICIT = Coding("<", explicit=True)
BIG_ENDIAN = Coding(">", explicit=True)

_CODINGS = {_IMPLICIT_SYNTAX: IMPLICIT, _BIG_ENDIAN_SYNTAX: BIG_ENDIAN}


def coding_of(transfer_syntax_uid: str) -> Coding:
    """Explicit VR little endian for all but two: compressed syntaxes are written so too (PS3.5 Annex A.4)."""
    return _CODINGS.get(transfer_syntax_uid, EXPLICIT)


def is_vr(number: int) -> bool:
    """Whether a two-byte value is two capital letters, in either byte order."""
    return 65 <= number & 0xFF <= 90 and 65 <= number >> 8 <= 90
