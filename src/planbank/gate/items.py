"""Items inside A-ASSOCIATE PDUs: type, length, value (PS3.8 section 9.3.2).

Comes in: the bytes of a PDU or of an item. Goes out: the items within, every length checked.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from planbank.errors import ProtocolBroken
from planbank.gate.pdu import AbortReason

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER = struct.Struct(">BxH")


def encode_item(kind: int, value: bytes) -> bytes:
    """One item."""
    return _HEADER.pack(kind, len(value)) + value


def decode_items(body: memoryview) -> Iterator[tuple[int, memoryview]]:
    """(type, value) of each item in `body`. Raises ProtocolBroken where one does not fit."""
    at, end = 0, len(body)
    while at < end:
        if end - at < _HEADER.size:
            raise malformed("An item header is cut short.")
        kind, length = _HEADER.unpack_from(body, at)
        at += _HEADER.size
        if length > end - at:
            raise malformed("An item is longer than what holds it.")
        yield kind, body[at : at + length]
        at += length


def decode_uid(value: memoryview) -> str:
    """A UID as text, not judged; a byte outside ASCII stands as the Latin-1 character.

    Some peers pad UIDs here although PS3.8 Annex F says not to.
    """
    return bytes(value).decode("latin-1").rstrip("\0 ")


def encode_uid(uid: str) -> bytes:
    """A UID as bytes."""
    return uid.encode("latin-1")


def malformed(detail: str) -> ProtocolBroken:
    """The error for a parameter that does not fit."""
    return ProtocolBroken(detail, AbortReason.INVALID_PARAMETER)
