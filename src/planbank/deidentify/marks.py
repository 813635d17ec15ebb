"""What every copy says of itself: who it is here, and that and how it was de-identified.

Comes in: the profile. Goes out: elements of the outermost level, by tag (PS3.15, section E.1.1;
PS3.3, sections C.7.1.1 and C.12.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planbank.deidentify import encode
from planbank.deidentify.parts import Parts, Slot
from planbank.deidentify.profiles import MODIFIED_DATES

if TYPE_CHECKING:
    from planbank.deidentify.element import View
    from planbank.deidentify.profiles import Profile
    from planbank.dicom.encoding import Encoding

NAME, ID, BIRTH_DATE = 0x00100010, 0x00100020, 0x00100030
REMOVED, METHOD, METHOD_CODES, DATES_MODIFIED = 0x00120062, 0x00120063, 0x00120064, 0x00280303
TAGS = frozenset((NAME, ID, BIRTH_DATE, REMOVED, METHOD, METHOD_CODES, DATES_MODIFIED))
"""Tags that are always written here, whatever the object held."""


def marks(profile: Profile, encoding: Encoding) -> dict[int, Parts]:
    """The elements that make a copy a copy, by tag."""
    found = {tag: Parts(memoryview(b"")) for tag in sorted(TAGS)}
    for tag, vr in ((NAME, b"PN"), (ID, b"LO")):
        found[tag].slot(Slot(tag, vr, encoding, _patient_id))
    found[BIRTH_DATE].slot(Slot(BIRTH_DATE, b"DA", encoding, _birth_date))
    meanings = "\\".join(option.meaning for option in profile.options).encode("ascii")
    dates = b"MODIFIED" if MODIFIED_DATES in profile.options else b"REMOVED"
    for tag, vr, value in (
        (REMOVED, b"CS", b"YES"),
        (METHOD, b"LO", meanings),
        (DATES_MODIFIED, b"CS", dates),
    ):
        found[tag].add(encode.element(tag, vr, value, encoding))
    found[METHOD_CODES].add(_method_codes(profile, encoding))
    return found


def _method_codes(profile: Profile, encoding: Encoding) -> bytes:
    """De-identification Method Code Sequence (CID 7050)."""
    out = encode.sequence_start(METHOD_CODES, encoding)
    for option in profile.options:
        item = (
            encode.element(0x00080100, b"SH", option.code.encode("ascii"), encoding)
            + encode.element(0x00080102, b"SH", b"DCM", encoding)
            + encode.element(0x00080104, b"LO", option.meaning.encode("ascii"), encoding)
        )
        out += encode.item_start(encoding) + item + encode.item_end(encoding)
    return out + encode.sequence_end(encoding)


def _patient_id(view: View) -> bytes:
    return view.patient.patient_id.encode("ascii")


def _birth_date(view: View) -> bytes:
    return view.patient.birth_date.encode("ascii")
