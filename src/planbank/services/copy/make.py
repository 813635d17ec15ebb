"""The objects of one copy, made and kept (R104, R111).

Comes in: a copy whose case has its seed set. Goes out: each object under the copy's identities, under
`derived/`, with its place in the copy's ZIP; the UIDs by which what comes back is recognised. Nothing is left
out: an object that cannot be made safe stops the copy, since others refer to it.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from django.db import transaction

from planbank.archive.names import derived_key, object_key
from planbank.audits.models import CaseFile, Copy, CopyFile, CopyUid
from planbank.audits.vault import key_of
from planbank.deidentify.keys import CopyKey
from planbank.deidentify.profiles import profile_named
from planbank.deidentify.residue import check_residue
from planbank.deidentify.template import Template, template_of
from planbank.deidentify.words import Words
from planbank.dicom.encoding import split_file
from planbank.dicom.items import read_items
from planbank.exports.zip_file import length
from planbank.house import House
from planbank.protocols.models import StructureType
from planbank.services.copy.structures import only

K = CopyUid.Kind
_KINDS = {CaseFile.Part.STRUCTURES: "RTSTRUCT", CaseFile.Part.PLAN: "RTPLAN", CaseFile.Part.DOSE: "RTDOSE"}


def make(house: House, copy: Copy) -> None:
    """Make it. Raises Refused, DicomError, ObjectMissing, KeyMissing; nothing is on record then."""
    study = copy.study
    key = key_of(house, study, copy.number)
    words = Words(StructureType.objects.filter(protocol=study.protocol_id).values_list("name", flat=True))
    profile = profile_named(study.profile)
    files: list[CopyFile] = []
    named: set[tuple[str, str]] = set()
    identity, numbers, at = "", Counter[str](), 0
    for source in _in_order(copy):
        data = _bytes(house, source)
        template = template_of(data, profile, words)
        identity = identity or template.identity
        template = replace(template, identity=identity)  # one case is one patient, whatever an object lacks
        made = template.render(key)
        check_residue(data, made, words)
        named |= _uids(data, template, key)
        kind = _KINDS.get(CaseFile.Part(source.part), "IMAGE")
        numbers[kind] += 1
        name = f"{kind}-{numbers[kind]:05d}.dcm"
        place = _place(copy, source, made)
        house.store.put(place, made)
        crc = zlib.crc32(made)
        files.append(
            CopyFile(copy=copy, source=source, name=name, key=place, size=len(made), crc=crc, offset=at)
        )
        at += length(name, len(made))
    _record(house, copy, key.patient(identity).patient_id, files, named)


def _in_order(copy: Copy) -> Iterator[CaseFile]:
    """Images first: what refers to them comes after, also at who receives them."""
    order = {part: place for place, part in enumerate(CaseFile.Part)}
    rows = list(copy.case.files.select_related("version"))
    numbers = {row.pk: row.version.instance_number.zfill(12) for row in rows}
    yield from sorted(rows, key=lambda row: (order[CaseFile.Part(row.part)], numbers[row.pk], row.pk))


def _bytes(house: House, source: CaseFile) -> bytes:
    with house.store.open(object_key(source.version.content_hash)) as stream:
        data = stream.read()
    return only(data, source.rois) if source.part == CaseFile.Part.STRUCTURES else data


def _uids(data: bytes, template: Template, key: CopyKey) -> set[tuple[str, str]]:
    """What the copy calls this object, its series, study and frame of reference."""
    syntax, stored = split_file(data)
    item = read_items(stored, syntax)
    said = {
        (K.OBJECT.value, template.sop_instance_uid),
        (K.SERIES.value, item.uid("SeriesInstanceUID")),
        (K.STUDY.value, item.uid("StudyInstanceUID")),
        (K.FRAME.value, item.uid("FrameOfReferenceUID")),
    }
    return {(kind, key.uid(uid)) for kind, uid in said if uid}


def _place(copy: Copy, source: CaseFile, made: bytes) -> str:
    parts = f"audit copy {copy.pk} {source.pk} ".encode() + hashlib.sha256(made).digest()
    return derived_key(hashlib.sha256(parts).hexdigest(), "dcm")


@transaction.atomic
def _record(
    house: House, copy: Copy, patient_id: str, files: list[CopyFile], named: set[tuple[str, str]]
) -> None:
    copy.files.all().delete()
    copy.uids.all().delete()
    CopyFile.objects.bulk_create(files)
    CopyUid.objects.bulk_create([CopyUid(copy=copy, kind=kind, uid=uid) for kind, uid in sorted(named)])
    house.store.settle()
    Copy.objects.filter(pk=copy.pk, state=Copy.State.WAITING).update(
        state=Copy.State.MADE, patient_id=patient_id, made_at=house.clock.now(), problem=""
    )
