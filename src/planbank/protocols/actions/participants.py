"""Participants: registered, changed, told which patient they are, taken off the list (R45, R145).

Comes in: an act, a protocol, what a participant shall be. Goes out: the row. The trial ID and the centre say
who it is; the patient behind it may be known later, or never.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from planbank.catalogue.models import PatientFile
from planbank.errors import ChangedMeanwhile, ProtocolError
from planbank.people.models import Institution
from planbank.protocols.act import Act
from planbank.protocols.constraints.due import constraints_due
from planbank.protocols.models import Enrolment, Participant, Participation, Protocol

# A trial ID stands on pages and in tables read by spreadsheets: no formula, no space at its ends.
TRIAL_ID = re.compile(r"[^\W_][\w ./:#-]{0,63}\Z")
_CPR_LIKE = re.compile(r"[0-9]{6}-?[0-9]{4}\Z")
MAX_EXPECTED = 50


@dataclass(frozen=True)
class ParticipantWish:
    """What a participant shall be; `patient`: None leaves it as it is, 0 says that it is not known."""

    trial_id: str
    institution: Institution
    arm: str = ""
    laterality: str = ""
    breathing: str = ""
    consent: str = Participant.Consent.UNKNOWN
    consent_on: date | None = None
    expected_on: date | None = None
    expected: Mapping[str, int] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    patient: int | None = None

    def values(self) -> dict[str, Any]:
        """The columns."""
        return {
            "trial_id": self.trial_id,
            "institution": self.institution,
            "arm": self.arm[:64],
            "laterality": self.laterality,
            "breathing": self.breathing,
            "consent": self.consent,
            "consent_on": self.consent_on,
            "expected_on": self.expected_on,
            "expected": dict(self.expected),
            "attributes": dict(self.attributes),
            **({} if self.patient is None else {"patient_id": self.patient or None}),
        }


def wrong_trial_id(text: str) -> str:
    """What is wrong with a trial ID, in words; '' where nothing is."""
    if _CPR_LIKE.match(text):
        return _("A trial ID must not be a CPR number: it is shown where names are not.")
    if not TRIAL_ID.match(text):
        return _("A trial ID begins with a letter or digit and has letters, digits, spaces and . / : # _ -.")
    return ""


def differs(row: Participant, wish: ParticipantWish) -> list[str]:
    """The columns in which a wish differs from what is recorded."""
    return sorted(
        name
        for name, value in wish.values().items()
        if (row.institution_id if name == "institution" else getattr(row, name))
        != (value.pk if name == "institution" else value)
    )


@transaction.atomic
def save_participant(
    act: Act, protocol: Protocol, wish: ParticipantWish, row: Participant | None = None, seen: int = 0
) -> Participant:
    """Register a participant, or change `row` as its editor saw it (`seen`: its revision then).

    Raises ProtocolError in words, ChangedMeanwhile where somebody else was first.
    """
    _check(act, protocol, wish, row)
    values = wish.values()
    try:
        with transaction.atomic():
            if row is None:
                row = Participant.objects.create(
                    protocol=protocol, added_at=act.at, added_by=act.user, **values
                )
                _journal(act, "register participant", row)
                _judge_anew(act, row)
                return row
            changed = differs(row, wish)
            row.change(seen, **values)
    except IntegrityError as exc:
        raise ProtocolError(_taken(exc)) from exc
    _journal(act, "change participant", row, fields=changed)
    _judge_anew(act, row)
    return row


@transaction.atomic
def name_patient(act: Act, row: Participant, patient: int) -> None:
    """Say who an expected participant is. Raises ProtocolError where the patient is another one already."""
    try:
        with transaction.atomic():
            row.change(row.revision, patient_id=patient)
    except IntegrityError as exc:
        raise ProtocolError(_taken(exc)) from exc
    _journal(act, "change participant", row, fields=["patient_id"])
    _judge_anew(act, row)


@transaction.atomic
def remove_participant(act: Act, row: Participant, seen: int, reason: str) -> dict[str, Any]:
    """Take somebody off the list; data that came stay as they are. Returns what undo needs.

    Raises ProtocolError without a reason; ChangedMeanwhile.
    """
    if not reason.strip():
        raise ProtocolError(_("Say why."))
    if not Participant.objects.select_for_update().filter(pk=row.pk, revision=seen).exists():
        raise ChangedMeanwhile
    _journal(act, "remove participant", row, reason=reason.strip()[:200])
    kept = {
        "protocol_id": row.protocol_id,
        "institution_id": row.institution_id,
        "patient_id": row.patient_id,
        **{name: getattr(row, name) for name in ("trial_id", "arm", "laterality", "breathing", "consent")},
        **{name: getattr(row, name) for name in ("expected", "attributes")},
        **{
            name: day.isoformat() if (day := getattr(row, name)) else None
            for name in ("consent_on", "expected_on")
        },
    }
    row.delete()
    return kept


@transaction.atomic
def bring_back(act: Act, protocol: Protocol, kept: Mapping[str, Any]) -> Participant:
    """Undo a removal. Raises ProtocolError where the trial ID or the patient is another's by now."""
    try:
        with transaction.atomic():
            row = Participant.objects.create(
                added_at=act.at, added_by=act.user, **{**kept, "protocol_id": protocol.pk}
            )
    except IntegrityError as exc:
        raise ProtocolError(_taken(exc)) from exc
    row.refresh_from_db()
    _journal(act, "register participant", row, again=True)
    return row


def _judge_anew(act: Act, row: Participant) -> None:
    """Constraints are asked by arm."""
    if row.patient_id is not None:
        files = PatientFile.objects.filter(patient=row.patient_id)
        constraints_due(files.values_list("pk", flat=True), act.at)


def _check(act: Act, protocol: Protocol, wish: ParticipantWish, row: Participant | None) -> None:
    if protocol.status == Protocol.Status.CLOSED:
        raise ProtocolError(_("%(protocol)s is closed.") % {"protocol": protocol.short_name})
    if wrong := wrong_trial_id(wish.trial_id):
        raise ProtocolError(wrong)
    if row is None or row.institution_id != wish.institution.pk:
        centres = Participation.objects.in_force(act.at).filter(protocol=protocol)
        if not centres.filter(institution=wish.institution).exists():
            said = {"institution": wish.institution.code, "protocol": protocol.short_name}
            raise ProtocolError(_("%(institution)s does not take part in %(protocol)s now.") % said)
    if any(n < 0 or n > MAX_EXPECTED for n in wish.expected.values()):
        raise ProtocolError(_("Expect between 0 and %(n)s of each.") % {"n": MAX_EXPECTED})
    if wish.patient and wish.consent == Participant.Consent.WITHDRAWN:
        here = Enrolment.objects.filter(protocol=protocol, patient=wish.patient)
        if here.filter(state=Enrolment.State.ENROLLED).exists():
            raise ProtocolError(_("Their data stand here. Withdraw the patient first, then say so here."))


def _taken(exc: IntegrityError) -> str:
    if "patient_unique" in str(exc):
        return _("Another participant of this protocol is this patient already.")
    return _("This protocol has a participant with this trial ID already.")


def _journal(act: Act, action: str, row: Participant, **detail: Any) -> None:
    act.journal(
        action,
        object_kind="participant",
        object_id=row.pk,
        institution=row.institution.code,
        protocol=row.protocol.short_name,
        **detail,
    )
