"""One association from its first byte to its last (PS3.8 section 9.2, the acceptor's side).

Comes in: a connected socket. Goes out: answers to the peer, parcels and events in the transit
area, and one log line.
"""

from __future__ import annotations

import contextlib
import logging
import math
import secrets
import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from planbank.errors import (
    PeerAborted,
    PeerGone,
    PeerReleased,
    PeerSlow,
    PeerUnproven,
    ProtocolBroken,
)
from planbank.gate.associate import AssociateRequest
from planbank.gate.caller import Caller
from planbank.gate.dialogue import Dialogue, Tally
from planbank.gate.messages import Messages
from planbank.gate.negotiation import Agreement, Refusal, is_plain_ae_title, negotiate
from planbank.gate.pdu import Abort, AbortReason, PduType, encode_release
from planbank.gate.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from planbank.gate.desk import Desk
    from planbank.gate.events import What
    from planbank.gate.pdu import AssociateReject
    from planbank.gate.senders import Admission
    from planbank.gate.tls import Tls

_BY_PROVIDER = 2

_log = logging.getLogger(__name__)


class Association:
    """One TCP connection and what becomes of it. `run` is for its own thread, the rest for any."""

    def __init__(
        self,
        sock: socket.socket,
        address: str,
        desk: Desk,
        admission: Admission,
        on_request: Callable[[Association], None],
        tls: Tls | None = None,
    ) -> None:
        """`on_request` is called once a whole A-ASSOCIATE-RQ has come."""
        self.address = address
        """Where the peer is, as Python's ipaddress writes it."""
        self._sock = sock
        self._desk = desk
        self._admission = admission
        self._limits = admission.limits
        self._on_request = on_request
        self._tls = tls
        self._caller = Caller(secrets.token_hex(16), address)
        self._wire: Wire | None = None
        self._dialogue: Dialogue | None = None
        self._ending = False

    def idle_seconds(self) -> float:
        """How long nothing has been in hand: 0 inside a message, infinite before there is an association."""
        return self._dialogue.idle_seconds() if self._dialogue else math.inf

    def end_soon(self) -> None:
        """End it after the message in hand, at once where there is none."""
        self._ending = True
        if self._dialogue:
            self._dialogue.end_soon()
        if self._wire and self.idle_seconds():
            self._wire.interrupt()

    def hang_up(self) -> None:
        """End it now, without a word."""
        self._ending = True
        if self._wire:
            self._wire.hang_up()
        else:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def turn_away(self, reject: AssociateReject, reason: str) -> None:
        """Refuse it unheard and without waiting: for a gate that has no room."""
        self._tell("association", f"{reject.result}/{reject.source}/{reject.reason}", reason)
        with contextlib.suppress(OSError):
            self._sock.setblocking(False)
            self._sock.send(reject.encode())
        self._sock.close()

    def run(self) -> None:
        """Serve the peer until it is done or must go. Raises nothing for what a peer does."""
        begun = time.monotonic()
        end = "lost"
        try:
            self._wire = wire = self._connect()
            end, farewell = self._serve(wire)
            if farewell:
                wire.send(farewell)
            wire.close()
        except (OSError, PeerGone, PeerSlow, PeerUnproven) as exc:
            _log.debug("A connection broke: %s", type(exc).__name__)
        finally:
            self._sock.close()
            self._report(end, time.monotonic() - begun)

    def _connect(self) -> Wire:
        """In the association's own thread, so that a slow handshake holds up nobody."""
        if self._tls is not None:
            self._sock = sock = self._tls.begin(self._sock)
            try:
                certificate = self._tls.finish(sock, self._limits.associate_seconds)
            except PeerUnproven as exc:
                self._tell("association", "tls", str(exc))
                raise
            self._caller = replace(self._caller, certificate=certificate)
        return Wire(self._sock, send_seconds=self._limits.pdu_seconds)

    def _serve(self, wire: Wire) -> tuple[str, bytes]:
        """How it ended, and the PDU to end it with."""
        reason = AbortReason.NOT_SPECIFIED
        try:
            answer = self._negotiate(wire)
            if isinstance(answer, Refusal):
                return "rejected", answer.reject.encode()
            self._converse(wire, answer)
            end = "ended with the gate"
        except PeerReleased:
            return "released", encode_release(PduType.RELEASE_RP)
        except PeerAborted:
            return "aborted by the peer", b""
        except PeerGone:
            if not self._ending:
                return "closed by the peer", b""
            end = "ended with the gate"
        except PeerSlow as exc:
            end = "deadline"
            if self._dialogue and self._dialogue.tally.object_in_hand:
                self._tell("object", "aborted", str(exc))
        except ProtocolBroken as exc:
            end, reason = "aborted", AbortReason(exc.reason)
            self._tell("association", "aborted", str(exc))
        except Exception:
            end = "failed"
            _log.exception("An association ended by a fault of the gate.")
        return end, Abort(_BY_PROVIDER, reason).encode()

    def _negotiate(self, wire: Wire) -> Agreement | Refusal:
        request = self._request(wire)
        self._on_request(self)
        answer = negotiate(
            request,
            self._desk.ae_title,
            self._admission,
            self._caller,
            commitment=self._desk.requests.answers.can_verify(),
        )
        titles = (request.calling_ae, request.called_ae)
        calling_ae, called_ae = (title if is_plain_ae_title(title) else "" for title in titles)
        self._caller = replace(self._caller, calling_ae=calling_ae, called_ae=called_ae)
        if isinstance(answer, Refusal):
            reject = answer.reject
            status = f"{reject.result}/{reject.source}/{reject.reason}"
            self._tell("association", status, answer.reason)
            return answer
        self._caller = replace(self._caller, known=answer.known)
        for declined in answer.declined:
            self._desk.events.refused(
                self._caller, "context", str(declined.result), declined.reason, declined.sop_class_uid
            )
        return answer

    def _request(self, wire: Wire) -> AssociateRequest:
        """The A-ASSOCIATE-RQ; whatever else comes, or is longer than any real one, ends here."""
        begun = time.monotonic()
        pdu_type, length = wire.read_header(self._limits.associate_seconds)
        if pdu_type is PduType.ABORT:
            raise PeerAborted
        if pdu_type is not PduType.ASSOCIATE_RQ:
            raise ProtocolBroken("No association is open.", AbortReason.UNEXPECTED_PDU)
        if length > self._limits.associate_bytes:
            raise ProtocolBroken("The A-ASSOCIATE-RQ is too long.", AbortReason.INVALID_PARAMETER)
        wire.allot(length)
        left = self._limits.associate_seconds - (time.monotonic() - begun)
        return AssociateRequest.decode(wire.read_body(length, max(left, 0.1)))

    def _converse(self, wire: Wire, agreement: Agreement) -> None:
        messages = Messages(wire, self._limits, agreement.peer_max_pdu)
        dialogue = Dialogue(messages, agreement.contexts, self._caller, self._desk, self._limits)
        self._dialogue = dialogue
        self._desk.open_associations.add(self._caller, self._desk.now())
        self._desk.meters.opened()
        try:
            wire.send(agreement.accept.encode())
            dialogue.run()
        finally:
            self._desk.meters.closed()
            self._desk.open_associations.remove(self._caller)

    def _tell(self, what: What, status: str, reason: str) -> None:
        self._desk.events.refused(self._caller, what, status, reason)

    def _report(self, end: str, seconds: float) -> None:
        self._desk.meters.ended(end)
        tally = self._dialogue.tally if self._dialogue else Tally()
        fields = {
            "association": self._caller.association_id,
            "calling_ae": self._caller.calling_ae,
            "called_ae": self._caller.called_ae,
            "address": self.address,
            "known": self._caller.known,
            "end": end,
            "stored": tally.stored,
            "refused": tally.refused,
            "bytes": tally.bytes,
            "seconds": round(seconds, 3),
        }
        _log.info("association", extra={"fields": fields})
