"""Patients in a protocol: enrolled, restricted, withdrawn (model.md, Withdrawal).

Comes in: an act, a protocol, a patient. Goes out: the one enrolment, locked for the rest of the
transaction, so that adding to and removing from one patient's data here wait for each other.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.errors import ProtocolError
from planbank.pipeline.due import make_due
from planbank.protocols.act import Act
from planbank.protocols.models import Enrolment, Membership, Protocol

DELETED_AFTER = timedelta(days=14)
State = Enrolment.State


def pseudonym_lane(protocol_id: int) -> str:
    """Pseudonyms of one protocol are made one after the other."""
    return f"enrol:{protocol_id}"


@transaction.atomic
def enrol(
    act: Act, protocol: Protocol, patient_id: int | None, via: str, *, again: bool = False
) -> Enrolment:
    """The patient's enrolment, made where it is new; its pseudonym is made by the service `enrol`.

    `again`: a person brings back a patient whom a person removed. Raises ProtocolError for data
    without patient, and for a patient who was withdrawn, restricted or removed.
    """
    if patient_id is None:
        raise ProtocolError(_("These data have no Patient ID; a protocol needs one."))
    values = {"enrolled_at": act.at, "enrolled_by": act.user, "via": via, "state_at": act.at}
    rows = Enrolment.objects.select_for_update()
    row, made = rows.get_or_create(protocol=protocol, patient_id=patient_id, defaults=values)
    if made:
        make_due("enrol", [(row.pk, pseudonym_lane(protocol.pk))], act.at)
        _journal(act, "enrol patient", row)
    elif row.state == State.REMOVED and again:
        _set(act, row, State.ENROLLED, "")
        _journal(act, "enrol patient again", row)
    elif row.state != State.ENROLLED:
        state = row.get_state_display()
        raise ProtocolError(_("The patient is %(state)s in this protocol.") % {"state": state})
    return row


@transaction.atomic
def restrict(act: Act, enrolment: Enrolment, reason: str) -> Enrolment:
    """Hide the patient's data from everybody who sees them through the protocol, at once."""
    return _hide(act, enrolment, State.RESTRICTED, reason)


@transaction.atomic
def withdraw(act: Act, enrolment: Enrolment, reason: str) -> Enrolment:
    """Consent withdrawn, or the wrong patient: restricted at once, to be deleted after 14 days.

    Raises ProtocolError without a reason, and for who is withdrawn already: their days run on.
    """
    if _locked(enrolment).state == State.WITHDRAWN:
        raise ProtocolError(_("The patient is withdrawn already."))
    row = _hide(act, enrolment, State.WITHDRAWN, reason)
    row.delete_after = act.at + DELETED_AFTER
    row.save(update_fields=["delete_after"])
    return row


@transaction.atomic
def lift(act: Act, enrolment: Enrolment, reason: str) -> Enrolment:
    """Undo a restriction or withdrawal whose data are still here. Raises ProtocolError."""
    row = _locked(enrolment)
    if row.state not in (State.RESTRICTED, State.WITHDRAWN):
        raise ProtocolError(_("Nothing is restricted here."))
    if row.state == State.WITHDRAWN and (row.delete_after is None or row.delete_after <= act.at):
        raise ProtocolError(_("The 14 days are over; the data are being deleted."))
    Membership.objects.filter(protocol=row.protocol_id, patient_file__patient=row.patient_id).update(
        restricted_at=None
    )
    row.delete_after = None
    _set(act, row, State.ENROLLED, reason)
    _journal(act, "lift restriction", row)
    return row


def _hide(act: Act, enrolment: Enrolment, state: State, reason: str) -> Enrolment:
    if not reason.strip():
        raise ProtocolError(_("Say why."))
    row = _locked(enrolment)
    Membership.objects.filter(
        protocol=row.protocol_id, patient_file__patient=row.patient_id, restricted_at__isnull=True
    ).update(restricted_at=act.at)
    _set(act, row, state, reason)
    _journal(act, f"patient {state.value}", row)
    return row


def removed(act: Act, row: Enrolment, reason: str) -> None:
    """A person removed the patient: nothing joins by itself any more."""
    _set(act, row, State.REMOVED, reason)


def _locked(enrolment: Enrolment) -> Enrolment:
    return Enrolment.objects.select_for_update().select_related("protocol").get(pk=enrolment.pk)


def _set(act: Act, row: Enrolment, state: State, reason: str) -> None:
    row.state, row.reason = state, reason.strip()[:200]
    row.state_at, row.state_by = act.at, act.user
    row.save()


def _journal(act: Act, action: str, row: Enrolment) -> None:
    act.journal(
        action, object_kind="enrolment", object_id=row.pk, protocol=row.protocol.short_name, state=row.state
    )
