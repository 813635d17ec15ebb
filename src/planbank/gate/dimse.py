"""Command sets of DIMSE messages: group 0000, implicit VR little endian (PS3.7 section 6.3, Annex E).

Comes in: the bytes of a command set. Goes out: a `Command`, and the bytes of the response to it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from planbank.errors import ProtocolBroken
from planbank.gate.pdu import AbortReason

if TYPE_CHECKING:
    from collections.abc import Mapping

_ELEMENT = struct.Struct("<HHI")

# Element numbers of group 0000 (PS3.7 Table E.1-1).
GROUP_LENGTH = 0x0000
AFFECTED_SOP_CLASS_UID = 0x0002
REQUESTED_SOP_CLASS_UID = 0x0003
COMMAND_FIELD = 0x0100
MESSAGE_ID = 0x0110
MESSAGE_ID_BEING_RESPONDED_TO = 0x0120
COMMAND_DATA_SET_TYPE = 0x0800
STATUS = 0x0900
ERROR_COMMENT = 0x0902
AFFECTED_SOP_INSTANCE_UID = 0x1000
REQUESTED_SOP_INSTANCE_UID = 0x1001
EVENT_TYPE_ID = 0x1002
ACTION_TYPE_ID = 0x1008

NO_DATA_SET = 0x0101
A_DATA_SET = 0x0001
RESPONSE = 0x8000


class CommandField(IntEnum):
    """Requests this gate knows of, and the one it makes (PS3.7 Table E.1-1)."""

    C_STORE = 0x0001
    C_ECHO = 0x0030
    N_EVENT_REPORT = 0x0100
    N_ACTION = 0x0130
    C_CANCEL = 0x0FFF


class Status(IntEnum):
    """Answers of this gate (PS3.7 Annex C, PS3.4 Table B.2-1)."""

    SUCCESS = 0x0000
    PROCESSING_FAILURE = 0x0110
    NO_SUCH_INSTANCE = 0x0112
    INVALID_ARGUMENT = 0x0115
    NO_SUCH_SOP_CLASS = 0x0118
    SOP_CLASS_NOT_SUPPORTED = 0x0122
    NO_SUCH_ACTION = 0x0123
    UNRECOGNISED_OPERATION = 0x0211
    RESOURCE_LIMITATION = 0x0213
    OUT_OF_RESOURCES = 0xA700
    DATA_SET_MISMATCH = 0xA900
    CANNOT_UNDERSTAND = 0xC000


@dataclass(frozen=True)
class Command:
    """A command set: element number -> raw value. Values are read when asked for."""

    elements: Mapping[int, bytes]

    @property
    def field(self) -> int:
        """What is asked, a `CommandField` where it is known. Raises ProtocolBroken."""
        return self._number(COMMAND_FIELD)

    @property
    def message_id(self) -> int:
        """Raises ProtocolBroken."""
        return self._number(MESSAGE_ID)

    @property
    def has_data_set(self) -> bool:
        """Raises ProtocolBroken."""
        return self._number(COMMAND_DATA_SET_TYPE) != NO_DATA_SET

    @property
    def sop_class_uid(self) -> str:
        """Affected SOP Class UID without padding, not judged; empty where absent."""
        return _text(self.elements.get(AFFECTED_SOP_CLASS_UID, b""))

    @property
    def sop_instance_uid(self) -> str:
        """Affected SOP Instance UID without padding, not judged; empty where absent."""
        return _text(self.elements.get(AFFECTED_SOP_INSTANCE_UID, b""))

    @property
    def requested_sop_class_uid(self) -> str:
        """Requested SOP Class UID, as `sop_class_uid` is."""
        return _text(self.elements.get(REQUESTED_SOP_CLASS_UID, b""))

    @property
    def requested_sop_instance_uid(self) -> str:
        """Requested SOP Instance UID, as `sop_instance_uid` is."""
        return _text(self.elements.get(REQUESTED_SOP_INSTANCE_UID, b""))

    @property
    def action_type(self) -> int:
        """Raises ProtocolBroken."""
        return self._number(ACTION_TYPE_ID)

    @property
    def status(self) -> int:
        """Of a response. Raises ProtocolBroken."""
        return self._number(STATUS)

    def is_response_to(self, field: CommandField, message_id: int) -> bool:
        """Whether this answers a request of ours. Raises ProtocolBroken."""
        if self.field != field | RESPONSE:
            return False
        return self._number(MESSAGE_ID_BEING_RESPONDED_TO) == message_id

    def check_request(self) -> None:
        """Raises ProtocolBroken unless this is a request that can be answered, or a C-CANCEL."""
        if self.field & RESPONSE:
            raise _broken("A response was not due.")
        if self.field != CommandField.C_CANCEL:
            self._number(MESSAGE_ID)
        self._number(COMMAND_DATA_SET_TYPE)

    def _number(self, element: int) -> int:
        value = self.elements.get(element, b"")
        if len(value) != 2:
            raise _broken(f"Command element (0000,{element:04X}) is missing or has not 2 bytes.")
        return int.from_bytes(value, "little")


def decode(data: bytes | bytearray | memoryview) -> Command:
    """Raises ProtocolBroken where a length does not fit, or an element is foreign or given twice."""
    elements: dict[int, bytes] = {}
    at, end = 0, len(data)
    while at < end:
        if end - at < _ELEMENT.size:
            raise _broken("A command element is cut short.")
        group, element, length = _ELEMENT.unpack_from(data, at)
        at += _ELEMENT.size
        if group != 0 or element in elements or length > end - at:
            raise _broken("A command element is foreign, given twice or longer than the command.")
        elements[element] = bytes(data[at : at + length])
        at += length
    return Command(elements)


def encode(elements: Mapping[int, bytes]) -> bytes:
    """The bytes of a command set, its group length in front; values are padded to even length with NUL."""
    body = b"".join(
        _ELEMENT.pack(0, element, len(value) + len(value) % 2) + value + bytes(len(value) % 2)
        for element, value in sorted(elements.items())
        if element != GROUP_LENGTH
    )
    return _ELEMENT.pack(0, GROUP_LENGTH, 4) + struct.pack("<I", len(body)) + body


def respond(command: Command, status: int, comment: str = "") -> bytes:
    """The response to a request; UIDs of the request are given back as they came.

    `comment` goes into (0000,0902), at most 64 characters of it, only beside a failure.
    """
    elements = {
        COMMAND_FIELD: _us(command.field | RESPONSE),
        MESSAGE_ID_BEING_RESPONDED_TO: _us(command.message_id),
        COMMAND_DATA_SET_TYPE: _us(NO_DATA_SET),
        STATUS: _us(status),
    }
    for asked, given in (
        (AFFECTED_SOP_CLASS_UID, AFFECTED_SOP_CLASS_UID),
        (REQUESTED_SOP_CLASS_UID, AFFECTED_SOP_CLASS_UID),
        (AFFECTED_SOP_INSTANCE_UID, AFFECTED_SOP_INSTANCE_UID),
        (REQUESTED_SOP_INSTANCE_UID, AFFECTED_SOP_INSTANCE_UID),
        (ACTION_TYPE_ID, ACTION_TYPE_ID),
    ):
        if asked in command.elements:
            elements[given] = command.elements[asked]
    if status != Status.SUCCESS and comment:
        elements[ERROR_COMMENT] = comment.encode("ascii", "replace")[:64].ljust(
            min(len(comment), 64) + len(comment[:64]) % 2
        )
    return encode(elements)


def request_event_report(
    message_id: int, sop_class_uid: str, sop_instance_uid: str, event_type: int
) -> bytes:
    """An N-EVENT-REPORT-RQ whose data set follows (PS3.7 section 10.3.1)."""
    return encode(
        {
            AFFECTED_SOP_CLASS_UID: sop_class_uid.encode("ascii"),
            COMMAND_FIELD: _us(CommandField.N_EVENT_REPORT),
            MESSAGE_ID: _us(message_id),
            COMMAND_DATA_SET_TYPE: _us(A_DATA_SET),
            AFFECTED_SOP_INSTANCE_UID: sop_instance_uid.encode("ascii"),
            EVENT_TYPE_ID: _us(event_type),
        }
    )


def _us(number: int) -> bytes:
    return struct.pack("<H", number)


def _text(value: bytes) -> str:
    return value.decode("latin-1").rstrip("\0 ")


def _broken(detail: str) -> ProtocolBroken:
    return ProtocolBroken(detail, AbortReason.INVALID_PARAMETER)
