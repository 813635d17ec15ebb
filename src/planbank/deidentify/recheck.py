"""Whether a file may be taken as de-identified, whoever says so.

Comes in: a DICOM file, the profile it should keep. Goes out: `Doubt`s, by tag and without values. The test is
the de-identification itself: made once more it must change nothing, but for identities, and those must have
the form that ours have. Raises Refused or a DicomError where it cannot be read: then nothing is said of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydicom.datadict import keyword_for_tag

from planbank.deidentify.keys import KEY_BYTES, CopyKey
from planbank.deidentify.level import dictionary_vr
from planbank.deidentify.marks import BIRTH_DATE, ID, NAME
from planbank.deidentify.template import template_of
from planbank.deidentify.values import DATES
from planbank.deidentify.walked import Level, level_of
from planbank.dicom.elements import PIXEL_DATA

if TYPE_CHECKING:
    from planbank.deidentify.profiles import Profile
    from planbank.deidentify.words import Words

_ANY_KEY = CopyKey(bytes(KEY_BYTES), 1)
_UID = re.compile(rb"2\.25\.[0-9]{39}")
_PATIENT = re.compile(rb"[0-9]{3}-[2-9A-HJ-NP-Z]{8}")
_DATE = re.compile(rb"[0-9]{8}[0-9.]*(?:\\[0-9]{8}[0-9.]*)*")
_KEYED = {
    NAME: _PATIENT,
    ID: _PATIENT,
    0x00120040: _PATIENT,
    0x00120042: _PATIENT,
    BIRTH_DATE: re.compile(rb"19[0-9]{6}"),
    0x30060002: re.compile(rb"STRUCT-[2-9A-HJ-NP-Z]{6}"),
    0x300A0002: re.compile(rb"PLAN-[2-9A-HJ-NP-Z]{6}"),
    0x30060026: re.compile(rb"ROI [2-9A-HJ-NP-Z]{4}"),
    0x300A00C2: re.compile(rb"BEAM [2-9A-HJ-NP-Z]{4}"),
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """One attribute that a de-identified file would not hold, or not so."""

    tag: int

    def __str__(self) -> str:
        name = keyword_for_tag(self.tag)
        return f"({self.tag >> 16:04X},{self.tag & 0xFFFF:04X}){f' {name}' if name else ''}"


def doubts(file: bytes, profile: Profile, words: Words) -> list[Doubt]:
    """Everything about a file that its de-identification would still change."""
    template = template_of(file, profile, words)
    again = template.render(_ANY_KEY)
    came, would = level_of(file), level_of(again)
    return [Doubt(tag) for tag in dict.fromkeys(_different(came, would))]


def _different(came: Level, would: Level) -> Iterator[int]:
    theirs, ours = came.elements(), would.elements()
    yield from sorted(set(theirs) ^ set(ours))
    for tag in sorted(set(theirs) & set(ours)):
        one, other = theirs[tag], ours[tag]
        if tag in PIXEL_DATA:
            continue  # de-identification touches neither
        if dictionary_vr(tag) != b"SQ":
            if not _may_differ(tag, came.value(one), would.value(other)):
                yield tag
            continue
        their_items, our_items = came.items(one), would.items(other)
        if len(their_items) != len(our_items):
            yield tag
            continue
        for pair in zip(their_items, our_items, strict=True):
            yield from _different(*pair)


def _may_differ(tag: int, came: bytes, would: bytes) -> bool:
    """Equal, or an identity of the form that de-identification makes."""
    if came == would:
        return True
    if tag in _KEYED:
        return _KEYED[tag].fullmatch(came) is not None
    vr = dictionary_vr(tag)
    if vr == b"UI":
        return all(_UID.fullmatch(uid) for uid in came.split(b"\\"))
    return vr in DATES and _DATE.fullmatch(came) is not None
