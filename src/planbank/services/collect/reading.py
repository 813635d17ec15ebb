"""Reading what came: what it refers to, and what was drawn (R108, R109).

Comes in: an object that arrived, its bytes in the archive. Goes out: whom it names and what it refers to; its
label and, of a structure set, what was drawn.
"""

from __future__ import annotations

from planbank.archive.objects import read_object
from planbank.audits.models import Return
from planbank.dicom.items import read_items
from planbank.dicom.references import References, references
from planbank.dicom.structure_set import StructureSetSummary, summarise_structure_set
from planbank.errors import DicomError, ObjectMissing
from planbank.house import House
from planbank.services.collect.came import RT, Came
from planbank.services.collect.recognise import Said

_LABELS = {Return.Kind.STRUCTURES: "StructureSetLabel", Return.Kind.PLAN: "RTPlanLabel"}


def said_by(house: House, came: Came) -> Said:
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


def drawn_in(house: House, came: Came) -> tuple[str, StructureSetSummary | None, bool]:
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
