"""The data set of a storage commitment report (PS3.4 Tables J.3-2 and J.3-3).

Comes in: an answer and a transfer syntax. Goes out: its event type and the bytes to send.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from planbank.gate.coding import coding_of
from planbank.gate.uids import EXPLICIT_VR_BIG_ENDIAN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planbank.transit.answers import Answer

ALL_SAFE, FAILURES_EXIST = 1, 2

_REFERENCED_SOP_CLASS_UID = 0x00081150
_REFERENCED_SOP_INSTANCE_UID = 0x00081155
_TRANSACTION_UID = 0x00081195
_FAILURE_REASON = 0x00081197
_FAILED_SOP_SEQUENCE = 0x00081198
_REFERENCED_SOP_SEQUENCE = 0x00081199
_ITEM = 0xFFFEE000


def event_type(answer: Answer) -> int:
    """1 where every object is safe, else 2."""
    return FAILURES_EXIST if answer.failed else ALL_SAFE


def encode_report(answer: Answer, transfer_syntax_uid: str) -> bytes:
    """The event information in one of the three plain syntaxes; sequences have a length."""
    writer = _Writer(transfer_syntax_uid)
    parts = [writer.uid(_TRANSACTION_UID, answer.transaction_uid)]
    if answer.failed:
        items = [
            writer.reference(sop_class, sop_instance) + writer.number(_FAILURE_REASON, reason)
            for sop_class, sop_instance, reason in answer.failed
        ]
        parts.append(writer.sequence(_FAILED_SOP_SEQUENCE, items))
    if answer.safe:
        items = [writer.reference(sop_class, sop_instance) for sop_class, sop_instance in answer.safe]
        parts.append(writer.sequence(_REFERENCED_SOP_SEQUENCE, items))
    return b"".join(parts)


class _Writer:
    """Elements in one syntax (PS3.5 sections 7.1.2, 7.1.3, 7.5)."""

    def __init__(self, transfer_syntax_uid: str) -> None:
        self._order = ">" if transfer_syntax_uid == EXPLICIT_VR_BIG_ENDIAN else "<"
        self._explicit = coding_of(transfer_syntax_uid).explicit

    def uid(self, tag: int, uid: str) -> bytes:
        value = uid.encode("ascii")
        return self._element(tag, b"UI", value + bytes(len(value) % 2))

    def number(self, tag: int, number: int) -> bytes:
        return self._element(tag, b"US", struct.pack(f"{self._order}H", number))

    def reference(self, sop_class: str, sop_instance: str) -> bytes:
        """The elements of one item."""
        return self.uid(_REFERENCED_SOP_CLASS_UID, sop_class) + self.uid(
            _REFERENCED_SOP_INSTANCE_UID, sop_instance
        )

    def sequence(self, tag: int, items: Sequence[bytes]) -> bytes:
        value = b"".join(self._tag(_ITEM) + self._pack("I", len(item)) + item for item in items)
        head = b"SQ" + bytes(2) if self._explicit else b""
        return self._tag(tag) + head + self._pack("I", len(value)) + value

    def _element(self, tag: int, vr: bytes, value: bytes) -> bytes:
        length = vr + self._pack("H", len(value)) if self._explicit else self._pack("I", len(value))
        return self._tag(tag) + length + value

    def _tag(self, tag: int) -> bytes:
        return struct.pack(f"{self._order}HH", tag >> 16, tag & 0xFFFF)

    def _pack(self, code: str, number: int) -> bytes:
        return struct.pack(self._order + code, number)
