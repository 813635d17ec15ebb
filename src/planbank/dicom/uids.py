"""Unique identifiers: are they well formed, and what do they mean to people?

Comes in: UID text as found in a header. Goes out: the UID trimmed, what is odd about it,
and for SOP classes a name and a kind. Source: DICOM PS3.5 section 9 and PS3.6 annex A.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pydicom._uid_dict import UID_dictionary

Kind = Literal["image", "structure set", "plan", "dose", "record", "registration", "other"]

IMAGE_MODALITIES = frozenset({"CT", "MR", "PT"})
"""Modalities of the volumes that structures are drawn on."""

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
PET_IMAGE = "1.2.840.10008.5.1.4.1.1.128"
RT_IMAGE = "1.2.840.10008.5.1.4.1.1.481.1"
RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
RT_BEAMS_RECORD = "1.2.840.10008.5.1.4.1.1.481.4"
RT_PLAN = "1.2.840.10008.5.1.4.1.1.481.5"
RT_BRACHY_RECORD = "1.2.840.10008.5.1.4.1.1.481.6"
RT_SUMMARY_RECORD = "1.2.840.10008.5.1.4.1.1.481.7"
RT_ION_PLAN = "1.2.840.10008.5.1.4.1.1.481.8"
RT_ION_RECORD = "1.2.840.10008.5.1.4.1.1.481.9"
REGISTRATION = "1.2.840.10008.5.1.4.1.1.66.1"
FIDUCIALS = "1.2.840.10008.5.1.4.1.1.66.2"
DEFORMABLE_REGISTRATION = "1.2.840.10008.5.1.4.1.1.66.3"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"

_RT: dict[str, tuple[Kind, str]] = {
    RT_DOSE: ("dose", "RT dose"),
    RT_STRUCTURE_SET: ("structure set", "RT structure set"),
    RT_PLAN: ("plan", "RT plan"),
    RT_ION_PLAN: ("plan", "RT ion plan"),
    RT_BEAMS_RECORD: ("record", "RT beams treatment record"),
    RT_BRACHY_RECORD: ("record", "RT brachy treatment record"),
    RT_SUMMARY_RECORD: ("record", "RT treatment summary record"),
    RT_ION_RECORD: ("record", "RT ion beams treatment record"),
    REGISTRATION: ("registration", "spatial registration"),
    DEFORMABLE_REGISTRATION: ("registration", "deformable registration"),
}
_IMAGES_BY_OTHER_NAMES = (
    "Parametric Map",
    "Enhanced US Volume",
    "Ophthalmic Thickness Map",
    "Corneal Topography",
)
_SHAPE = re.compile(r"[0-9]+(\.[0-9]+)*\Z")
_LEADING_ZERO = re.compile(r"(^|\.)0[0-9]")


@dataclass(frozen=True, slots=True)
class UidCheck:
    """A UID without padding; `usable` means digits and dots within 64 characters.

    `leading_zero`: a component begins with 0, which is forbidden but harmless (kept with a
    finding). `reason` says in words what is wrong, or is empty.
    """

    uid: str
    usable: bool
    leading_zero: bool
    reason: str


def trim(uid: str) -> str:
    """A UID without the padding some systems leave on it."""
    return uid.strip(" \0\t\r\n")


def check(uid: str) -> UidCheck:
    """Judge a UID (PS3.5, section 9.1): at most 64 characters, components of digits, no leading zeros."""
    plain = trim(uid)
    if not plain:
        return UidCheck(plain, False, False, "The UID is empty.")
    if len(plain) > 64:
        return UidCheck(plain, False, False, f"The UID has {len(plain)} characters; 64 are allowed.")
    if not _SHAPE.match(plain):
        return UidCheck(plain, False, False, "The UID holds something other than digits between dots.")
    zero = bool(_LEADING_ZERO.search(plain))
    return UidCheck(plain, True, zero, "A component of the UID begins with a zero." if zero else "")


def class_name(sop_class_uid: str) -> str:
    """A SOP class in words for people, such as 'CT image' or 'RT structure set'."""
    uid = trim(sop_class_uid)
    if uid in _RT:
        return _RT[uid][1]
    entry = UID_dictionary.get(uid)
    if entry is None:
        return "unknown kind of object"
    name = re.sub(r" - (For \w+)", r" \1", entry[0])
    name = re.sub(r" \(Retired\)| ?Storage", "", name).strip()
    return re.sub(r"\bImage\b", "image", name)


def kind(sop_class_uid: str) -> Kind:
    """What an object is to the bank."""
    uid = trim(sop_class_uid)
    if uid in _RT:
        return _RT[uid][0]
    entry = UID_dictionary.get(uid)
    if entry is None or entry[1] != "SOP Class" or "Storage" not in entry[0]:
        return "other"
    named = "Image" in entry[0] or any(name in entry[0] for name in _IMAGES_BY_OTHER_NAMES)
    return "image" if named else "other"
