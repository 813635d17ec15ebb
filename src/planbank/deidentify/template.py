"""An object, read and decided about once, from which any number of copies can be written.

Comes in: the bytes of a DICOM file. Goes out: a `Template`, whose `render` gives the file of one
copy: fresh preamble and File Meta Information, the transfer syntax of the source. Raises Refused for
what cannot be made safe, a DicomError for what cannot be read.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydicom._uid_dict import UID_dictionary

from planbank.archive.part10 import preamble_and_meta
from planbank.deidentify.element import Scope, View
from planbank.deidentify.iods import iod_of
from planbank.deidentify.marks import TAGS, marks
from planbank.deidentify.parts import render
from planbank.deidentify.pixels import check_burned_in, pixel_parts
from planbank.deidentify.reading import Reader
from planbank.dicom.elements import PIXEL_DATA, Walker
from planbank.dicom.encoding import GE_IMPLICIT_BIG_PIXELS, plain_data_set, split_file
from planbank.dicom.identity import identify
from planbank.dicom.items import Item, read_items
from planbank.dicom.uids import trim
from planbank.errors import Refused

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection

    from planbank.deidentify.keys import CopyKey
    from planbank.deidentify.parts import Part
    from planbank.deidentify.profiles import Profile
    from planbank.deidentify.words import Words

_UNREADABLE_SYNTAXES = ("JPIP", "MPEG", "HEVC", "SMPTE", "Papyrus", "XML", "RFC 2557", "H.264", "H.265")


@dataclass(frozen=True, slots=True)
class Template:
    """An object of which copies can be made.

    Attributes:
        iod: what it is, such as 'ct-image'.
        sop_instance_uid: its UID, as it came.
        identity: what tells its patient from others, as it came; never shown. It begins with 'id' where
            that is the patient's ID.
        study: its Study Instance UID, as it came.
        notes: (what was done, keyword) -> how often.
    """

    iod: str
    sop_class_uid: str
    sop_instance_uid: str
    identity: str
    study: str
    syntax: str
    deflated: bool
    parts: tuple[Part, ...]
    notes: Counter[tuple[str, str]]

    def render(self, key: CopyKey) -> bytes:
        """The DICOM file of one copy."""
        data = render(self.parts, View(key, key.patient(self.identity)))
        if self.deflated:
            packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            data = packer.compress(data) + packer.flush()
            data += bytes(len(data) % 2)
        return preamble_and_meta(self.sop_class_uid, key.uid(self.sop_instance_uid), self.syntax) + data


def template_of(
    file: bytes, profile: Profile, words: Words, accept_burned_in: Collection[str] = ()
) -> Template:
    """Read an object and decide about each of its elements.

    Args:
        file: a Part 10 file, or a bare data set.
        profile: which options hold.
        words: names that may stay.
        accept_burned_in: modalities whose images a person has looked at.
    """
    syntax, stored = split_file(file)
    _check_syntax(syntax)
    data, encoding = plain_data_set(stored, syntax)
    item = read_items(stored, syntax)
    sop_class_uid, uid = trim(item.text("SOPClassUID")), trim(item.text("SOPInstanceUID"))
    iod = iod_of(sop_class_uid)
    if iod is None:
        raise Refused(_unknown_class(sop_class_uid))
    if not uid:
        raise Refused("It has no SOP Instance UID.")
    check_burned_in(item, iod.name, accept_burned_in)
    scope = Scope(profile, words, iod, uid)
    found = Reader(Walker(data, encoding), scope, TAGS | PIXEL_DATA).read()
    found |= pixel_parts(item, syntax) | marks(profile, encoding)
    parts = tuple(part for tag in sorted(found) for part in found[tag].done())
    who = _identity(item), trim(item.text("StudyInstanceUID"))
    return Template(iod.name, sop_class_uid, uid, *who, syntax, encoding.deflated, parts, scope.notes)


def _check_syntax(syntax: str) -> None:
    name, kind = UID_dictionary.get(syntax, ("", ""))[:2]
    if kind != "Transfer Syntax" or syntax == GE_IMPLICIT_BIG_PIXELS:
        raise Refused("Its transfer syntax is not one of the Standard.")
    if any(word in name for word in _UNREADABLE_SYNTAXES):
        raise Refused("Its pixels lie elsewhere or are a film.")


def _unknown_class(sop_class_uid: str) -> str:
    name = UID_dictionary.get(sop_class_uid, ("",))[0]
    return f"Objects of this kind cannot be made safe: {name or 'a class that is not of the Standard'}."


def _identity(item: Item) -> str:
    """What its patient is told by: the ID, else name and birth date, else the study.

    Not the issuer: plans and doses often lack it where their images have it.
    """
    patient_id = item.text("PatientID")
    key = identify(patient_id, "CPR", "") if patient_id else None
    if key is not None:
        return f"id\0{key.patient_id}"
    name, born = item.text("PatientName"), item.text("PatientBirthDate")
    if name:
        return "\0".join(("name", name, born))
    return f"study\0{item.text('StudyInstanceUID')}"
