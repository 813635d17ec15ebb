"""DIMSE messages out of P-DATA-TF PDUs (PS3.7 section 6.3, PS3.8 Annex E).

Comes in: the PDUs of one association. Goes out: command sets, and data sets as fragments that
are views into the PDU's buffer, so that no byte of an object is copied here.
"""

from __future__ import annotations

import time
from itertools import chain
from typing import TYPE_CHECKING

from planbank.errors import PeerAborted, PeerReleased, PeerSlow, ProtocolBroken
from planbank.gate import dimse
from planbank.gate.pdu import AbortReason, PduType, Pdv, check_release, decode_pdvs, encode_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planbank.gate.limits import Limits
    from planbank.gate.wire import Wire

_PDV_OVERHEAD = 6


class Messages:
    """The stream of PDVs of one association, whatever PDUs they stand in."""

    def __init__(self, wire: Wire, limits: Limits, peer_max_pdu: int) -> None:
        """`peer_max_pdu`: what the peer announced; 0 = any length."""
        self._wire = wire
        self._limits = limits
        self._pdvs: Iterator[Pdv] = iter(())
        # A fragment of one byte is the least that can be sent, whatever was announced.
        self._room = max(peer_max_pdu - _PDV_OVERHEAD, 1) if peer_max_pdu else 1 << 16
        wire.allot(limits.max_pdu)

    def next_command(self) -> tuple[int, dimse.Command]:
        """Context id and command set of the next message; waits as long as an association may idle.

        Raises PeerReleased when the peer is done, PeerAborted, PeerGone, PeerSlow, ProtocolBroken.
        """
        pdv = self.next_pdv(self._limits.idle_seconds, may_release=True)
        context_id, data = pdv.context_id, bytearray()
        while True:
            if not pdv.is_command or pdv.context_id != context_id:
                raise ProtocolBroken("A command was due.", AbortReason.UNEXPECTED_PARAMETER)
            data += pdv.data
            if len(data) > self._limits.command_bytes:
                raise ProtocolBroken("A command is too long.", AbortReason.INVALID_PARAMETER)
            if pdv.is_last:
                return context_id, dimse.decode(data)
            pdv = self.next_pdv(self._limits.pdu_seconds)

    def wait(self, seconds: float) -> bool:
        """Whether something of the next message, or the peer's end, comes within so many seconds."""
        pdv = next(self._pdvs, None)
        if pdv is None:
            return self._wire.wait(seconds)
        self._pdvs = chain((pdv,), self._pdvs)
        return True

    def data_set(self, context_id: int) -> DataSet:
        """The data set that follows a command."""
        return DataSet(self, context_id, self._limits)

    def send_command(self, context_id: int, command: bytes) -> None:
        """Send a command set in as many PDUs as the peer's announced length asks for."""
        self._send(context_id, command, is_command=True)

    def send_data_set(self, context_id: int, data: bytes) -> None:
        """Send the data set of a command, as `send_command` does."""
        self._send(context_id, data, is_command=False)

    def _send(self, context_id: int, data: bytes, *, is_command: bool) -> None:
        for at in range(0, len(data), self._room):
            part = data[at : at + self._room]
            is_last = at + self._room >= len(data)
            self._wire.send(encode_data(context_id, part, is_command=is_command, is_last=is_last))

    def next_pdv(self, seconds: float, *, may_release: bool = False) -> Pdv:
        """The next PDV, valid until the one after it; `seconds` to wait for its PDU's header."""
        while True:
            pdv = next(self._pdvs, None)
            if pdv is not None:
                return pdv
            self._pdvs = decode_pdvs(self._next_data(seconds, may_release=may_release))

    def _next_data(self, seconds: float, *, may_release: bool) -> memoryview:
        pdu_type, length = self._wire.read_header(seconds)
        if pdu_type is PduType.DATA:
            if length > self._limits.max_pdu:
                raise ProtocolBroken("A PDU is longer than announced.", AbortReason.INVALID_PARAMETER)
            return self._wire.read_body(length, self._limits.pdu_seconds)
        if pdu_type is PduType.ABORT:
            raise PeerAborted
        if pdu_type is PduType.RELEASE_RQ and may_release:
            check_release(length)
            raise PeerReleased
        raise ProtocolBroken(f"A {pdu_type.name} was not due.", AbortReason.UNEXPECTED_PDU)


class DataSet:
    """The data set of one message while it comes in."""

    def __init__(self, messages: Messages, context_id: int, limits: Limits) -> None:
        self._messages = messages
        self._context_id = context_id
        self._seconds = limits.pdu_seconds
        self._deadline = time.monotonic() + limits.object_seconds
        self._ended = False

    def fragments(self) -> Iterator[memoryview]:
        """Its bytes in order; each view is valid until the next is asked for."""
        while not self._ended:
            pdv = self._messages.next_pdv(self._seconds)
            if pdv.is_command or pdv.context_id != self._context_id:
                raise ProtocolBroken("A data set was due.", AbortReason.UNEXPECTED_PARAMETER)
            if time.monotonic() > self._deadline:
                raise PeerSlow("An object took too long.")
            self._ended = pdv.is_last
            yield pdv.data

    def drain(self) -> None:
        """Read over whatever of it nobody took."""
        for _ in self.fragments():
            pass
