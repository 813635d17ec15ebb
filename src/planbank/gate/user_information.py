"""The user information item of A-ASSOCIATE PDUs (PS3.8 Annex D, PS3.7 Annex D.3.3).

Comes in: the bytes of the item. Goes out: what the peer says of itself, and the bytes of what we
say. Sub-items nobody needs here (extended negotiation, asynchronous operations window, user
identity) are read over.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from planbank.gate.items import decode_items, decode_uid, encode_item, encode_uid, malformed

_MAX_LENGTH = 0x51
_IMPLEMENTATION_CLASS = 0x52
_ROLE = 0x54
_IMPLEMENTATION_VERSION = 0x55
_COMMON_EXTENDED = 0x57


@dataclass(frozen=True)
class Role:
    """SCP/SCU role selection of one SOP class (PS3.7 D.3.3.4)."""

    sop_class_uid: str
    scu: bool
    scp: bool


@dataclass(frozen=True)
class UserInformation:
    """What either side says of itself. `max_pdu` 0 = any length.

    `service_classes` is the SOP class -> service class of common extended negotiation (PS3.7 D.3.3.6).
    """

    max_pdu: int = 0
    implementation_class_uid: str = ""
    implementation_version: str = ""
    roles: tuple[Role, ...] = ()
    service_classes: dict[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        """The value of the item."""
        parts = [encode_item(_MAX_LENGTH, struct.pack(">I", self.max_pdu))]
        if self.implementation_class_uid:
            parts.append(encode_item(_IMPLEMENTATION_CLASS, encode_uid(self.implementation_class_uid)))
        for role in self.roles:
            value = _encode_counted_uid(role.sop_class_uid) + bytes((role.scu, role.scp))
            parts.append(encode_item(_ROLE, value))
        if self.implementation_version:
            parts.append(encode_item(_IMPLEMENTATION_VERSION, self.implementation_version.encode("latin-1")))
        for sop_class, service_class in self.service_classes.items():
            value = _encode_counted_uid(sop_class) + _encode_counted_uid(service_class) + bytes(2)
            parts.append(encode_item(_COMMON_EXTENDED, value))
        return b"".join(parts)

    @classmethod
    def decode(cls, value: memoryview) -> UserInformation:
        """Raises ProtocolBroken where a sub-item does not fit."""
        max_pdu, class_uid, version = 0, "", ""
        roles: list[Role] = []
        service_classes: dict[str, str] = {}
        for kind, item in decode_items(value):
            if kind == _MAX_LENGTH:
                if len(item) != 4:
                    raise malformed("The maximum length has not 4 bytes.")
                max_pdu = int.from_bytes(item, "big")
            elif kind == _IMPLEMENTATION_CLASS:
                class_uid = decode_uid(item)
            elif kind == _IMPLEMENTATION_VERSION:
                version = bytes(item).decode("latin-1").rstrip("\0 ")
            elif kind == _ROLE:
                roles.append(_decode_role(item))
            elif kind == _COMMON_EXTENDED:
                sop_class, after = _decode_counted_uid(item, 0)
                service_classes[sop_class] = _decode_counted_uid(item, after)[0]
        return cls(max_pdu, class_uid, version, tuple(roles), service_classes)


def _decode_role(item: memoryview) -> Role:
    uid, after = _decode_counted_uid(item, 0)
    if len(item) < after + 2:
        raise malformed("A role selection is cut short.")
    return Role(uid, item[after] != 0, item[after + 1] != 0)


def _encode_counted_uid(uid: str) -> bytes:
    value = encode_uid(uid)
    return struct.pack(">H", len(value)) + value


def _decode_counted_uid(item: memoryview, at: int) -> tuple[str, int]:
    """A UID behind its 2-byte length, and where it ends."""
    if len(item) < at + 2:
        raise malformed("A UID's length is missing.")
    end = at + 2 + int.from_bytes(item[at : at + 2], "big")
    if end > len(item):
        raise malformed("A UID is longer than its item.")
    return decode_uid(item[at + 2 : end]), end
