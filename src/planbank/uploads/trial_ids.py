"""Trial IDs that come with an upload (R198): kept with it, recorded once the patient's file is there.

Comes in: an act, an upload for a protocol, patient IDs as they stand in the files with what the trial calls
them. Goes out: rows; participants of the protocol, registered or linked. The centre says whose data it sends:
it needs no permission in the protocol, and can neither take a participant of another centre nor change one
that has a patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.catalogue.models import PatientFile
from planbank.errors import ChangedMeanwhile, ProtocolError, UploadError
from planbank.people.models import Institution
from planbank.pipeline.due import BACKGROUND, make_due
from planbank.protocols.act import Act
from planbank.protocols.actions.participants import (
    ParticipantWish,
    name_patient,
    save_participant,
    wrong_trial_id,
)
from planbank.protocols.models import Participant, Participation, Protocol
from planbank.uploads.models import GivenTrialId, Upload

LANE = "uploads"
State = GivenTrialId.State


def protocols_of(institution: Institution, at: datetime) -> list[Protocol]:
    """Protocols that an institution sends for now."""
    rows = Participation.objects.in_force(at).filter(institution=institution)
    open_ = Protocol.objects.filter(pk__in=rows.values("protocol"), status=Protocol.Status.ACTIVE)
    return list(open_.order_by("short_name"))


@transaction.atomic
def give(act: Act, upload: Upload, given: Mapping[str, str]) -> dict[str, str]:
    """Note trial IDs by patient ID; an empty one takes it back. Returns what is wrong with which, in words.

    Raises UploadError where the upload is for no protocol.
    """
    if upload.protocol is None:
        raise UploadError(_("This upload is for no protocol. Begin one that is."))
    wrong: dict[str, str] = {}
    for sent_id, trial_id in given.items():
        mine = GivenTrialId.objects.filter(upload=upload, sent_id=sent_id)
        if not trial_id:
            mine.filter(state=State.WAITING).delete()
        elif said := wrong_trial_id(trial_id):
            wrong[sent_id] = said
        elif not mine.filter(trial_id=trial_id, state=State.RECORDED).exists():
            fresh = {"trial_id": trial_id, "state": State.WAITING, "problem": "", "at": act.at}
            GivenTrialId.objects.update_or_create(upload=upload, sent_id=sent_id, defaults=fresh)
    make_due("trial_ids", [(upload.pk, LANE)], act.at, priority=BACKGROUND)
    return wrong


def settle(act: Act, upload: Upload) -> int:
    """Record those whose patient is there by now; returns how many still wait."""
    waiting = 0
    for row in upload.trial_ids.filter(state=State.WAITING).order_by("pk"):
        files = PatientFile.objects.filter(institution=upload.institution, sent_id=row.sent_id)
        file = files.exclude(patient=None).order_by("pk").first()
        if file is None or file.patient_id is None:
            waiting += 1
            continue
        try:
            _record(act, upload, row.trial_id, file.patient_id)
        except (ProtocolError, ChangedMeanwhile) as exc:
            row.state, row.problem = State.REFUSED, str(exc)[:300]
        else:
            row.state = State.RECORDED
        row.save(update_fields=["state", "problem"])
    return waiting


@transaction.atomic
def _record(act: Act, upload: Upload, trial_id: str, patient: int) -> None:
    """The participant of that trial ID is this patient. Raises ProtocolError, ChangedMeanwhile."""
    assert upload.protocol is not None
    rows = Participant.objects.select_for_update().filter(protocol=upload.protocol)
    known = rows.filter(patient=patient).first()
    if known is not None and known.trial_id != trial_id:
        raise ProtocolError(
            _("The patient is %(other)s in this protocol already. Ask its key user to change that.")
            % {"other": known.trial_id}
        )
    row = rows.filter(trial_id__iexact=trial_id).first()
    if row is None:
        wish = ParticipantWish(trial_id, upload.institution, patient=patient)
        save_participant(act, upload.protocol, wish)
        return
    if row.institution_id != upload.institution_id or row.patient_id not in (None, patient):
        raise ProtocolError(_("This trial ID is of another patient. Look whether it is written right."))
    if row.patient_id is None:
        name_patient(act, row, patient)
