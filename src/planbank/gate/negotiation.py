"""What the gate agrees to (PS3.8 section 7.1, PS3.7 Annex D.3).

Comes in: an A-ASSOCIATE-RQ and who may send. Goes out: an `Agreement` with the answer to each
presentation context, or a `Refusal`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planbank.gate.associate import (
    APPLICATION_CONTEXT,
    AgreedContext,
    AssociateAccept,
    AssociateRequest,
    ProposedContext,
)
from planbank.gate.pdu import AssociateReject
from planbank.gate.uids import (
    IMPLICIT_VR_LITTLE_ENDIAN,
    PLAIN_SYNTAXES,
    STORAGE_COMMITMENT,
    STORAGE_SERVICE_CLASS,
    TRANSFER_SYNTAXES,
    VERIFICATION,
    is_standard_storage,
    is_uid,
    is_vendor_storage,
)
from planbank.gate.user_information import Role, UserInformation

if TYPE_CHECKING:
    from planbank.gate.caller import Caller
    from planbank.gate.senders import Admission

# From a UUID, so it needs no registration (PS3.5 Annex B.2).
IMPLEMENTATION_CLASS_UID = "2.25.83437283006591003002061983396546796388"
IMPLEMENTATION_VERSION = "PLANBANK_1"

_ACCEPTED, _NOT_FOR_YOU, _NO_ABSTRACT_SYNTAX, _NO_TRANSFER_SYNTAX = 0, 1, 3, 4
_PERMANENT, _BY_USER, _BY_ACSE = 1, 1, 2


@dataclass(frozen=True)
class Declined:
    """A presentation context that was not accepted, and why."""

    sop_class_uid: str
    result: int
    reason: str


@dataclass(frozen=True)
class Agreement:
    """The answer, and what it means.

    contexts: context id -> (abstract syntax, transfer syntax) where accepted. peer_max_pdu: the
    longest P-DATA-TF body the peer takes, 0 = any. known: this sender is registered for its address
    and certificate.
    """

    accept: AssociateAccept
    contexts: dict[int, tuple[str, str]]
    declined: tuple[Declined, ...]
    peer_max_pdu: int
    known: bool


@dataclass(frozen=True)
class Refusal:
    """No association, and why."""

    reject: AssociateReject
    reason: str


def negotiate(
    request: AssociateRequest,
    ae_title: str,
    admission: Admission,
    caller: Caller,
    *,
    commitment: bool = False,
) -> Agreement | Refusal:
    """The answer to a request from the address of `caller`, with its certificate.

    `commitment`: storage commitment can be answered here; it is for registered senders only.
    """
    known = admission.knows(request.calling_ae, caller.address, caller.certificate)
    refusal = _refusal(request, ae_title, admission, known=known)
    if refusal is not None:
        return refusal
    answers, contexts, declined = [], {}, []
    for proposed in request.contexts:
        if commitment and proposed.abstract_syntax == STORAGE_COMMITMENT:
            agreed, reason = _agree_to_commit(proposed, known=known)
        else:
            agreed, reason = _agree(proposed, request, admission)
        answers.append(agreed)
        if agreed.result == _ACCEPTED:
            contexts[proposed.context_id] = (proposed.abstract_syntax, agreed.transfer_syntax)
        else:
            declined.append(Declined(proposed.abstract_syntax, agreed.result, reason))
    user = UserInformation(
        admission.limits.max_pdu,
        IMPLEMENTATION_CLASS_UID,
        IMPLEMENTATION_VERSION,
        # The gate is SCP here: the requestor may keep the SCU role it asked for, nothing else.
        tuple(Role(role.sop_class_uid, role.scu, False) for role in request.user.roles),
    )
    accept = AssociateAccept(request.called_ae, request.calling_ae, tuple(answers), user)
    return Agreement(accept, contexts, tuple(declined), request.user.max_pdu, known)


def is_plain_ae_title(text: str) -> bool:
    """Whether an AE title is 1 to 16 printable ASCII characters and could not be a path."""
    printable = text.isascii() and text.isprintable()
    return 0 < len(text) <= 16 and printable and ".." not in text and not set(text) & set("/\\")


def _refusal(
    request: AssociateRequest, ae_title: str, admission: Admission, *, known: bool
) -> Refusal | None:
    if not request.protocol_version & 1:
        return _reject(_BY_ACSE, 2, "The protocol version is not supported.")
    if request.application_context != APPLICATION_CONTEXT:
        return _reject(_BY_USER, 2, "The application context is not DICOM's.")
    if request.called_ae != ae_title and request.called_ae not in admission.called:
        return _reject(_BY_USER, 7, "The called AE title is not one of this gate.")
    if not is_plain_ae_title(request.calling_ae):
        return _reject(_BY_USER, 3, "The calling AE title is empty or malformed.")
    if admission.unknown == "refuse" and not known:
        return _reject(_BY_USER, 3, "The sender is not registered for this address or certificate.")
    if not request.contexts:
        return _reject(_BY_USER, 1, "No presentation context was proposed.")
    return None


def _reject(source: int, reason: int, words: str) -> Refusal:
    return Refusal(AssociateReject(_PERMANENT, source, reason), words)


def _agree(
    proposed: ProposedContext, request: AssociateRequest, admission: Admission
) -> tuple[AgreedContext, str]:
    """The answer to one context, and the reason where it is no.

    The sender's first transfer syntax among those taken here: it is the one it need not convert to.
    """
    why_not = _why_not(proposed.abstract_syntax, request, admission)
    if why_not:
        return AgreedContext(proposed.context_id, _NO_ABSTRACT_SYNTAX, IMPLICIT_VR_LITTLE_ENDIAN), why_not
    for syntax in proposed.transfer_syntaxes:
        if syntax in TRANSFER_SYNTAXES:
            return AgreedContext(proposed.context_id, _ACCEPTED, syntax), ""
    return (
        AgreedContext(proposed.context_id, _NO_TRANSFER_SYNTAX, IMPLICIT_VR_LITTLE_ENDIAN),
        "None of the transfer syntaxes is taken here.",
    )


def _agree_to_commit(proposed: ProposedContext, *, known: bool) -> tuple[AgreedContext, str]:
    """As `_agree`. What an unknown system sent is in quarantine: nothing can be said of it."""
    if not known:
        answer = AgreedContext(proposed.context_id, _NOT_FOR_YOU, IMPLICIT_VR_LITTLE_ENDIAN)
        return answer, "Storage commitment is for registered senders."
    for syntax in proposed.transfer_syntaxes:
        if syntax in PLAIN_SYNTAXES:
            return AgreedContext(proposed.context_id, _ACCEPTED, syntax), ""
    answer = AgreedContext(proposed.context_id, _NO_TRANSFER_SYNTAX, IMPLICIT_VR_LITTLE_ENDIAN)
    return answer, "Storage commitment takes uncompressed transfer syntaxes only."


def _why_not(sop_class_uid: str, request: AssociateRequest, admission: Admission) -> str:
    """Why this abstract syntax is not taken; empty where it is."""
    if not is_uid(sop_class_uid):
        return "The SOP class is not a UID."
    if (
        sop_class_uid == VERIFICATION
        or is_standard_storage(sop_class_uid)
        or sop_class_uid in admission.storage_classes
    ):
        return ""
    declared = request.user.service_classes.get(sop_class_uid) == STORAGE_SERVICE_CLASS
    if not (declared or is_vendor_storage(sop_class_uid)):
        return "The SOP class is not a storage class known here."
    return "" if admission.vendor_storage else "Private storage classes are refused here."
