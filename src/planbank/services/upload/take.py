"""One file of an upload: looked at whole, then sealed into the transit area like any arrival.

Comes in: the bytes of one file, its SHA-256 as the sender knows it. Goes out: the file's row. Nothing is
written anywhere before all has been looked at; what is refused leaves no trace but its hash and the reason.
"""

from __future__ import annotations

import hashlib

from planbank.deidentify.profiles import PROFILES
from planbank.deidentify.recheck import Doubt, doubts
from planbank.deidentify.words import Words
from planbank.dicom.encoding import split_file
from planbank.dicom.uids import trim
from planbank.errors import DicomError, Refused
from planbank.house import House
from planbank.naming.models import DictionaryRule
from planbank.people.arrivals import UPLOAD
from planbank.protocols.act import Act
from planbank.protocols.models import StructureType
from planbank.services.register.unpack import who
from planbank.services.upload.rules import PROFILE
from planbank.transit.parcel import Header, new_parcel_id
from planbank.uploads import acting
from planbank.uploads.models import Upload, UploadedFile
from planbank.uploads.words import DAMAGED, IDENTITY, NOT_DICOM, NOT_JUDGED, NOT_WHOLE

MAX_FILE = 1024**3
"""Largest file that is taken, in bytes."""


def take(house: House, act: Act, upload: Upload, data: bytes, sha256: str) -> UploadedFile:
    """Keep one file, or note why not. Safe to call again: what was kept is not kept twice."""
    size = len(data)
    if earlier := acting.known(upload, [sha256]).get(sha256):
        return earlier
    if hashlib.sha256(data).hexdigest() != sha256:
        return acting.refused(act, upload, sha256, size, NOT_WHOLE)
    if data[128:132] != b"DICM":
        return acting.refused(act, upload, sha256, size, NOT_DICOM)
    try:
        header, stored = _announced(act, upload, data)
        found = _doubts(data) if upload.deidentified else []
    except DicomError as exc:
        return acting.refused(act, upload, sha256, size, DAMAGED, detail=exc.detail or str(exc))
    except Refused as exc:
        return acting.refused(act, upload, sha256, size, NOT_JUDGED, detail=exc.detail or str(exc))
    if found:
        tags = sorted({str(doubt) for doubt in found})
        return acting.refused(act, upload, sha256, size, IDENTITY, tags=tags)
    house.tray.put(header, [stored])
    return acting.kept(act, upload, sha256, size, header.parcel_id)


def _announced(act: Act, upload: Upload, data: bytes) -> tuple[Header, memoryview]:
    """The header of its parcel and the data set. Raises DicomError where it is not whole."""
    syntax, stored = split_file(data)
    identity = who(stored, syntax, "")
    for name, value in (
        ("SOP Class UID", identity.sop_class_uid),
        ("SOP Instance UID", identity.sop_instance_uid),
    ):
        if not trim(value):
            raise DicomError(f"It has no {name}.")
    header = Header(
        parcel_id=new_parcel_id(act.at),
        kind="object",
        association_id=upload.number,
        calling_ae=upload.institution.code,
        called_ae="",
        address=UPLOAD,
        received_at=act.at.isoformat(timespec="microseconds"),
        sop_class_uid=trim(identity.sop_class_uid),
        sop_instance_uid=trim(identity.sop_instance_uid),
        transfer_syntax_uid=syntax,
        sender_known=True,
    )
    return header, stored


def _doubts(data: bytes) -> list[Doubt]:
    """The bank's own words are asked for only where the field's do not do."""
    profile = PROFILES[PROFILE]
    return doubts(data, profile, Words()) and doubts(data, profile, Words(_own_words()))


def _own_words() -> list[str]:
    """Words of the bank's dictionaries: names of structures that tell of nobody."""
    entries = DictionaryRule.objects.filter(ended_in__isnull=True).values_list("entry", flat=True).distinct()
    return [*StructureType.objects.values_list("name", flat=True).distinct(), *entries]
