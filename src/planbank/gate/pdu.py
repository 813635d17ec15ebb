"""Protocol data units of the DICOM upper layer (PS3.8 section 9.3), except those of associate.py.

Comes in: bytes from a socket. Goes out: headers, fragments (PDVs), rejections and aborts, and
the bytes to send for each. Whatever does not fit raises ProtocolBroken before memory is taken.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from planbank.errors import ProtocolBroken

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = struct.Struct(">BxI")
PDV_HEADER = struct.Struct(">IBB")
_FOUR = struct.Struct(">xBBB")


class PduType(IntEnum):
    """PDU types (PS3.8 section 9.3.1)."""

    ASSOCIATE_RQ = 1
    ASSOCIATE_AC = 2
    ASSOCIATE_RJ = 3
    DATA = 4
    RELEASE_RQ = 5
    RELEASE_RP = 6
    ABORT = 7


class AbortReason(IntEnum):
    """Reasons of an A-ABORT by the service provider (PS3.8 Table 9-26)."""

    NOT_SPECIFIED = 0
    UNRECOGNISED_PDU = 1
    UNEXPECTED_PDU = 2
    UNRECOGNISED_PARAMETER = 4
    UNEXPECTED_PARAMETER = 5
    INVALID_PARAMETER = 6


@dataclass(frozen=True)
class AssociateReject:
    """A-ASSOCIATE-RJ (PS3.8 Table 9-21): result 1 is permanent, 2 transient."""

    result: int
    source: int
    reason: int

    def encode(self) -> bytes:
        return encode(PduType.ASSOCIATE_RJ, _FOUR.pack(self.result, self.source, self.reason))

    @classmethod
    def decode(cls, body: bytes | memoryview) -> AssociateReject:
        """Raises ProtocolBroken unless `body` has 4 bytes."""
        return cls(*_FOUR.unpack(_exactly_four(body)))


@dataclass(frozen=True)
class Abort:
    """A-ABORT (PS3.8 Table 9-26): source 0 is the peer's user, 2 its provider."""

    source: int
    reason: int

    def encode(self) -> bytes:
        return encode(PduType.ABORT, _FOUR.pack(0, self.source, self.reason))

    @classmethod
    def decode(cls, body: bytes | memoryview) -> Abort:
        """Raises ProtocolBroken unless `body` has 4 bytes."""
        _, source, reason = _FOUR.unpack(_exactly_four(body))
        return cls(source, reason)


class Pdv(NamedTuple):
    """One presentation data value (PS3.8 section 9.3.5.1 and Annex E.2)."""

    context_id: int
    is_command: bool
    is_last: bool
    data: memoryview


def encode(pdu_type: PduType, body: bytes) -> bytes:
    """A whole PDU: type, reserved byte, length, body."""
    return HEADER.pack(pdu_type, len(body)) + body


def decode_header(header: bytes | bytearray | memoryview) -> tuple[PduType, int]:
    """Type and body length from the 6 bytes of a PDU header. Raises ProtocolBroken."""
    number, length = HEADER.unpack(header)
    try:
        return PduType(number), length
    except ValueError:
        raise ProtocolBroken(f"PDU type {number}.", AbortReason.UNRECOGNISED_PDU) from None


def encode_release(pdu_type: PduType) -> bytes:
    """A-RELEASE-RQ or A-RELEASE-RP: four reserved bytes."""
    return encode(pdu_type, bytes(4))


def check_release(length: int) -> None:
    """Raises ProtocolBroken unless an A-RELEASE PDU of this body length is well formed."""
    if length != 4:
        raise ProtocolBroken(f"A-RELEASE of {length} bytes.", AbortReason.INVALID_PARAMETER)


def encode_data(context_id: int, data: bytes, *, is_command: bool, is_last: bool) -> bytes:
    """A P-DATA-TF PDU with one PDV."""
    control = (1 if is_command else 0) | (2 if is_last else 0)
    return encode(PduType.DATA, PDV_HEADER.pack(len(data) + 2, context_id, control) + data)


def decode_pdvs(body: memoryview) -> Iterator[Pdv]:
    """The PDVs of a P-DATA-TF body, as views into it.

    All lengths are checked before the first is given: a fragment of a PDU that does not hold
    together must not complete an object. Raises ProtocolBroken when one does not fit or there is none.
    """
    at, end = 0, len(body)
    if not body:
        raise ProtocolBroken("P-DATA without a PDV.", AbortReason.INVALID_PARAMETER)
    while at < end:
        at += _pdv_size(body, at)
    at = 0
    while at < end:
        length, context_id, control = PDV_HEADER.unpack_from(body, at)
        stop = at + 4 + length
        yield Pdv(context_id, bool(control & 1), bool(control & 2), body[at + 6 : stop])
        at = stop


def _pdv_size(body: memoryview, at: int) -> int:
    """Bytes of the PDV that begins at `at`. Raises ProtocolBroken unless it fits."""
    left = len(body) - at
    if left < PDV_HEADER.size:
        raise ProtocolBroken("A PDV header is cut short.", AbortReason.INVALID_PARAMETER)
    length: int = PDV_HEADER.unpack_from(body, at)[0]
    if length < 2 or length + 4 > left:
        raise ProtocolBroken("A PDV is longer than its PDU.", AbortReason.INVALID_PARAMETER)
    return length + 4


def _exactly_four(body: bytes | memoryview) -> bytes | memoryview:
    if len(body) != 4:
        raise ProtocolBroken(f"{len(body)} bytes where 4 belong.", AbortReason.INVALID_PARAMETER)
    return body
