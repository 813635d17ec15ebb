"""One report on an association of its own (PS3.4 section J.3.3, PS3.7 Annex D.3.3.4).

Comes in: an answer and where its sender listens. Goes out: N-EVENT-REPORT, and the sender's yes
to it. The gate asks for the association, so it names its role: SCP of storage commitment.
"""

from __future__ import annotations

import contextlib
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

from planbank.errors import GateError, ProtocolBroken, ReportFailed, ReportRefused
from planbank.gate.associate import AssociateAccept, AssociateRequest, ProposedContext
from planbank.gate.dimse import CommandField, Status, request_event_report
from planbank.gate.messages import Messages
from planbank.gate.negotiation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION
from planbank.gate.pdu import Abort, PduType, encode_release
from planbank.gate.reports import encode_report, event_type
from planbank.gate.uids import (
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    PLAIN_SYNTAXES,
    STORAGE_COMMITMENT,
    STORAGE_COMMITMENT_INSTANCE,
)
from planbank.gate.user_information import Role, UserInformation
from planbank.gate.wire import Wire

if TYPE_CHECKING:
    from planbank.gate.limits import Limits
    from planbank.gate.tls import Tls
    from planbank.transit.answers import Answer

SECONDS = 10.0
"""To connect, to shake hands, and for the answer to the A-ASSOCIATE-RQ."""
_RESPONSE_SECONDS = 30.0
_CONTEXT = 1
_MESSAGE = 1


def report(answer: Answer, limits: Limits, tls: Tls | None) -> None:
    """Report to the sender's own node; returns once it said 0000. Raises ReportFailed with the reason,
    ReportRefused where it said no to this one.

    The sender is called by the name it gave itself, and told the name by which it called. A request
    that came by TLS is never reported without.
    """
    try:
        sock = socket.create_connection((answer.host, answer.port), SECONDS)
    except OSError as exc:
        raise ReportFailed(f"It cannot be reached: {exc.strerror or 'no answer'}.") from exc
    try:
        if answer.secured:
            if tls is None:
                raise ReportFailed("The request came by TLS, and the gate has none now.")
            sock = tls.call(sock, SECONDS)
        wire = Wire(sock, send_seconds=limits.pdu_seconds)
        _converse(wire, answer, limits)
    except ReportFailed:
        raise
    except GateError as exc:
        raise ReportFailed(str(exc)) from exc
    except OSError as exc:
        raise ReportFailed(f"The connection broke: {exc.strerror}.") from exc
    finally:
        sock.close()


def _converse(wire: Wire, answer: Answer, limits: Limits) -> None:
    wire.allot(limits.associate_bytes)
    user = UserInformation(
        limits.max_pdu,
        IMPLEMENTATION_CLASS_UID,
        IMPLEMENTATION_VERSION,
        (Role(STORAGE_COMMITMENT, scu=False, scp=True),),
    )
    context = ProposedContext(
        _CONTEXT, STORAGE_COMMITMENT, (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
    )
    wire.send(AssociateRequest(answer.calling_ae, answer.called_ae, (context,), user).encode())
    syntax, peer_max_pdu = _agreed(wire, limits)
    messages = Messages(wire, replace(limits, idle_seconds=_RESPONSE_SECONDS), peer_max_pdu)
    try:
        status = _tell(messages, answer, syntax)
    except GateError:
        with contextlib.suppress(GateError):
            wire.send(Abort(0, 0).encode())
        raise
    with contextlib.suppress(GateError):  # it has the report, however it says goodbye
        wire.send(encode_release(PduType.RELEASE_RQ))
        wire.read_header(SECONDS)
    if status != Status.SUCCESS:
        raise ReportRefused(f"The sender answered {status:04X}.")


def _agreed(wire: Wire, limits: Limits) -> tuple[str, int]:
    """Transfer syntax and the peer's PDU length. Raises ReportFailed, GateError."""
    kind, length = wire.read_header(SECONDS)
    if kind is PduType.ASSOCIATE_RJ:
        raise ReportFailed("The sender rejected the association.")
    if kind is not PduType.ASSOCIATE_AC or length > limits.associate_bytes:
        raise ReportFailed("The sender does not answer as a DICOM system does.")
    accept = AssociateAccept.decode(wire.read_body(length, SECONDS))
    syntax = next(
        (c.transfer_syntax for c in accept.contexts if c.context_id == _CONTEXT and not c.result), ""
    )
    if syntax not in PLAIN_SYNTAXES:
        raise ReportFailed("The sender takes no storage commitment reports.")
    roles = [role for role in accept.user.roles if role.sop_class_uid == STORAGE_COMMITMENT]
    # Without a word about roles the defaults hold, but nearly all such senders take the report.
    if roles and not roles[0].scp:
        raise ReportFailed("The sender does not agree that the bank reports.")
    return syntax, accept.user.max_pdu


def _tell(messages: Messages, answer: Answer, syntax: str) -> int:
    """Send the report; the status the sender gave."""
    messages.send_command(
        _CONTEXT,
        request_event_report(_MESSAGE, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE, event_type(answer)),
    )
    messages.send_data_set(_CONTEXT, encode_report(answer, syntax))
    context_id, command = messages.next_command()
    if not command.is_response_to(CommandField.N_EVENT_REPORT, _MESSAGE):
        raise ProtocolBroken("The response to the report was due.")
    if command.has_data_set:
        messages.data_set(context_id).drain()
    return command.status
