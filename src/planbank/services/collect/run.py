"""Collecting what comes back, from what register is about to file (R108).

Comes in: objects that arrived. Goes out: those that are of no copy, to be filed as ever; the others are
returns now, and become no patient, plan set, member or number of any kind: register forgets them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from planbank.archive.objects import read_object
from planbank.audits.filing import file_away, tell
from planbank.audits.models import Copy, Return
from planbank.audits.words import ASK
from planbank.catalogue.models import InstanceVersion
from planbank.dicom import uids
from planbank.dicom.headers import Identity
from planbank.dicom.items import read_items
from planbank.dicom.references import References, references
from planbank.dicom.structure_set import StructureSetSummary, summarise_structure_set
from planbank.errors import DicomError, ObjectMissing
from planbank.house import House
from planbank.people.models import Institution, Sender
from planbank.protocols.act import Act
from planbank.services.collect.judge import judge
from planbank.services.collect.recognise import Leads, Said, leads

KINDS = {
    "structure set": Return.Kind.STRUCTURES,
    "plan": Return.Kind.PLAN,
    "dose": Return.Kind.DOSE,
    "image": Return.Kind.IMAGE,
}
RT = (Return.Kind.STRUCTURES, Return.Kind.PLAN, Return.Kind.DOSE)
_LABELS = {Return.Kind.STRUCTURES: "StructureSetLabel", Return.Kind.PLAN: "RTPlanLabel"}


@dataclass(frozen=True)
class Came:
    """An object that arrived; its bytes are in the archive."""

    parcel_id: str
    content_hash: str
    size: int
    transfer_syntax_uid: str
    identity: Identity
    institution: Institution | None
    sender: Sender | None
    received_at: datetime

    @property
    def kind(self) -> Return.Kind:
        """What it is to an audit study."""
        return KINDS.get(uids.kind(self.identity.sop_class_uid), Return.Kind.OTHER)


def collect(house: House, came: Sequence[Came]) -> set[str]:
    """File what is of a copy; returns the parcels of those. Call in register's transaction."""
    if not Copy.objects.exclude(made_at=None).exists():
        return set()
    said = [_said(house, one) for one in came]
    taken: set[str] = set()
    for one, its, found in zip(came, said, leads(said), strict=True):
        if found.all:
            _keep(house, one, its, found)
            taken.add(one.parcel_id)
    return taken


def _said(house: House, came: Came) -> Said:
    """Images name themselves in their header; of RT objects the references are read."""
    who = came.identity
    own = (who.sop_instance_uid, who.series_instance_uid)
    frames: tuple[str, ...] = (who.frame_of_reference_uid,) if who.frame_of_reference_uid else ()
    referred: tuple[str, ...] = ()
    if came.kind != Return.Kind.IMAGE:
        try:
            refs = references(*read_object(house.store, came.content_hash))
        except (DicomError, ObjectMissing):
            refs = References(who.sop_class_uid, who.sop_instance_uid)
        related = tuple(uid for uid, _relation in refs.related_plan_uids)
        referred = (*refs.series_uids, *refs.image_uids, *refs.structure_set_uids, *refs.plan_uids)
        referred += (*refs.dose_uids, *refs.other_uids, *related)
        frames = refs.frame_of_reference_uids or frames
    return Said(who.patient_id.strip(), who.study_instance_uid, own, referred, frames)


def _keep(house: House, came: Came, said: Said, found: Leads) -> None:
    if Return.objects.filter(parcel_id=came.parcel_id).exists():
        return
    label, drawn, unreadable = _drawn(house, came)
    it = judge(said, found, label, drawn, came.institution, is_rt=came.kind in RT)
    if unreadable:
        it.problems.append({"code": "unreadable"})
    asks = it.copy is None or any(one["code"] in ASK for one in it.problems)
    row = Return(
        study=it.study,
        copy=it.copy,
        observer=it.observer,
        version=_version(came),
        kind=came.kind,
        label=label[:64],
        parcel_id=came.parcel_id,
        institution=came.institution,
        sender=came.sender,
        received_at=came.received_at,
        recognised_by=it.by,
        state=Return.State.TO_DECIDE,
        problems=it.problems,
    )
    act = Act.of_service("collect", house.clock.now())
    if asks:
        row.save()
        act.journal(
            "audit return waits",
            object_kind="audit study",
            object_id=it.study.pk,
            protocol=it.study.protocol.short_name,
            why=", ".join(sorted({one["code"] for one in it.problems})),
        )
    else:
        file_away(act, row)
    if came.kind in RT:
        tell(row, act.at)


def _drawn(house: House, came: Came) -> tuple[str, StructureSetSummary | None, bool]:
    """Its label; of a structure set what was drawn; whether it could not be read."""
    if came.kind not in RT:
        return "", None, False
    try:
        data, syntax = read_object(house.store, came.content_hash)
        if came.kind == Return.Kind.STRUCTURES:
            drawn = summarise_structure_set(data, syntax)
            return drawn.label, drawn, False
        keyword = _LABELS.get(came.kind)
        return (read_items(data, syntax).text(keyword) if keyword else ""), None, False
    except (DicomError, ObjectMissing):
        return "", None, True


def _version(came: Came) -> InstanceVersion:
    who = came.identity
    return InstanceVersion.objects.get_or_create(
        sop_instance_uid=who.sop_instance_uid,
        content_hash=came.content_hash,
        defaults={
            "sop_class_uid": who.sop_class_uid,
            "transfer_syntax_uid": came.transfer_syntax_uid,
            "size": came.size,
            "modality": who.modality[:16],
            "instance_number": who.instance_number[:16],
            "first_received_at": came.received_at,
        },
    )[0]
