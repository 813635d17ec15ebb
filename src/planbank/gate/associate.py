"""A-ASSOCIATE-RQ and A-ASSOCIATE-AC (PS3.8 sections 9.3.2 and 9.3.3).

Comes in: the body of a PDU. Goes out: what was proposed or agreed, and the bytes to send.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Generic, TypeVar

from planbank.errors import ProtocolBroken
from planbank.gate.items import decode_items, decode_uid, encode_item, encode_uid, malformed
from planbank.gate.pdu import AbortReason, PduType, encode
from planbank.gate.user_information import UserInformation

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"

_FIXED = struct.Struct(">H2x16s16s32x")
_APPLICATION_CONTEXT = 0x10
_CONTEXT_RQ = 0x20
_CONTEXT_AC = 0x21
_ABSTRACT_SYNTAX = 0x30
_TRANSFER_SYNTAX = 0x40
_USER = 0x50


@dataclass(frozen=True)
class ProposedContext:
    """A presentation context as asked for."""

    context_id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]

    def encode(self) -> bytes:
        abstract = encode_item(_ABSTRACT_SYNTAX, encode_uid(self.abstract_syntax))
        syntaxes = (encode_item(_TRANSFER_SYNTAX, encode_uid(uid)) for uid in self.transfer_syntaxes)
        return encode_item(_CONTEXT_RQ, bytes((self.context_id, 0, 0, 0)) + abstract + b"".join(syntaxes))

    @classmethod
    def decode(cls, value: memoryview) -> ProposedContext:
        """Raises ProtocolBroken."""
        abstract, transfer = "", []
        for kind, item in decode_items(_after_context_id(value)):
            if kind == _ABSTRACT_SYNTAX:
                abstract = decode_uid(item)
            elif kind == _TRANSFER_SYNTAX:
                transfer.append(decode_uid(item))
        return cls(value[0], abstract, tuple(transfer))


@dataclass(frozen=True)
class AgreedContext:
    """A presentation context as answered (PS3.8 Table 9-18).

    result: 0 accepted, 3 abstract syntax, 4 transfer syntaxes not supported.
    """

    context_id: int
    result: int
    transfer_syntax: str

    def encode(self) -> bytes:
        syntax = encode_item(_TRANSFER_SYNTAX, encode_uid(self.transfer_syntax))
        return encode_item(_CONTEXT_AC, bytes((self.context_id, 0, self.result, 0)) + syntax)

    @classmethod
    def decode(cls, value: memoryview) -> AgreedContext:
        """Raises ProtocolBroken."""
        items = decode_items(_after_context_id(value))
        transfer = [decode_uid(item) for kind, item in items if kind == _TRANSFER_SYNTAX]
        return cls(value[0], value[2], transfer[0] if transfer else "")


Context = TypeVar("Context", ProposedContext, AgreedContext)


@dataclass(frozen=True)
class _Associate(Generic[Context]):
    """What request and acceptance share.

    AE titles are without padding; a byte outside ASCII stands as the Latin-1 character.
    """

    called_ae: str
    calling_ae: str
    contexts: tuple[Context, ...]
    user: UserInformation
    application_context: str = APPLICATION_CONTEXT
    protocol_version: int = 1

    def _encode(self, pdu_type: PduType) -> bytes:
        titles = (title.encode("latin-1").ljust(16) for title in (self.called_ae, self.calling_ae))
        body = [
            _FIXED.pack(self.protocol_version, *titles),
            encode_item(_APPLICATION_CONTEXT, encode_uid(self.application_context)),
            *(context.encode() for context in self.contexts),
            encode_item(_USER, self.user.encode()),
        ]
        return encode(pdu_type, b"".join(body))


class AssociateRequest(_Associate[ProposedContext]):
    """A-ASSOCIATE-RQ."""

    def encode(self) -> bytes:
        return self._encode(PduType.ASSOCIATE_RQ)

    @classmethod
    def decode(cls, body: memoryview) -> AssociateRequest:
        """Raises ProtocolBroken."""
        version, called, calling, items = _open(body)
        contexts = [ProposedContext.decode(value) for kind, value in items if kind == _CONTEXT_RQ]
        _check_ids([context.context_id for context in contexts])
        return cls(called, calling, tuple(contexts), *_rest(items), version)


class AssociateAccept(_Associate[AgreedContext]):
    """A-ASSOCIATE-AC."""

    def encode(self) -> bytes:
        return self._encode(PduType.ASSOCIATE_AC)

    @classmethod
    def decode(cls, body: memoryview) -> AssociateAccept:
        """Raises ProtocolBroken."""
        version, called, calling, items = _open(body)
        contexts = [AgreedContext.decode(value) for kind, value in items if kind == _CONTEXT_AC]
        _check_ids([context.context_id for context in contexts])
        return cls(called, calling, tuple(contexts), *_rest(items), version)


def _open(body: memoryview) -> tuple[int, str, str, list[tuple[int, memoryview]]]:
    """Protocol version, called and calling AE title, items."""
    if len(body) < _FIXED.size:
        raise malformed("A-ASSOCIATE is cut short.")
    version, called, calling = _FIXED.unpack_from(body)
    return version, _ae_title(called), _ae_title(calling), list(decode_items(body[_FIXED.size :]))


def _rest(items: list[tuple[int, memoryview]]) -> tuple[UserInformation, str]:
    user, application_context = UserInformation(), ""
    for kind, value in items:
        if kind == _USER:
            user = UserInformation.decode(value)
        elif kind == _APPLICATION_CONTEXT:
            application_context = decode_uid(value)
    return user, application_context


def _check_ids(ids: list[int]) -> None:
    if len(set(ids)) != len(ids) or not all(number & 1 for number in ids):
        raise ProtocolBroken("Context IDs are even or given twice.", AbortReason.INVALID_PARAMETER)


def _after_context_id(value: memoryview) -> memoryview:
    if len(value) < 4:
        raise malformed("A presentation context is cut short.")
    return value[4:]


def _ae_title(value: bytes) -> str:
    return value.decode("latin-1").strip("\0 ")
