"""K: the value stays as it is, if it is what its VR says.

Comes in: an element. Goes out: KEEP; where text could hide in the value, it is not kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planbank.deidentify.element import KEEP, most_values, name_of
from planbank.deidentify.values import is_plain, known_terms
from planbank.errors import Refused

if TYPE_CHECKING:
    from planbank.deidentify.element import Answer, Found

CODE = "K"
_WIDTHS = {b"US": 2, b"SS": 2, b"UL": 4, b"SL": 4, b"FL": 4, b"FD": 8, b"UV": 8, b"SV": 8, b"AT": 4}
_IMAGE_TYPE = 0x00080008
_LISTS = frozenset((0x00180020, 0x00180021, 0x00180022, 0x00280051))
"""Scanning sequence, sequence variant, scan options, corrected image: each term stands for itself."""
_CONTENT_LABEL = 0x00700080
_ARRAYS_IN_US = frozenset(range(0x00281101, 0x00281104)) | {0x00283006}


def apply(found: Found) -> Answer:
    """Keep numbers, times, ages and terms of the Standard; nothing else."""
    if is_plain(found.vr, found.value) and _is_as_long_as_it_may(found):
        return KEEP
    if found.tag == _IMAGE_TYPE:
        return _image_type(found)
    if found.tag in _LISTS and (known := known_terms(found.value)):
        found.scope.did("words of a vendor left out", found.tag)
        return b"\\".join(known)
    if found.tag == _CONTENT_LABEL:  # a coded string in which people write what they like
        found.scope.did("replaced by a dummy", found.tag)
        return b"COPY"
    return _not_plain(found)


def apply_text(found: Found) -> Answer:
    """Keep text that was found to be harmless."""
    return found.value.strip(b" \0")


def _is_as_long_as_it_may(found: Found) -> bool:
    """A binary number with more values than the dictionary allows may hold text."""
    width, most = _WIDTHS.get(found.vr), most_values(found.tag)
    return not width or not most or found.tag in _ARRAYS_IN_US or len(found.value) <= width * most


def _image_type(found: Found) -> Answer:
    """Vendors write words of their own from the third value on (PS3.3, section C.7.6.1.1.2)."""
    known = known_terms(found.value)
    if known[:2] != tuple(part.strip(b" \0") for part in found.value.split(b"\\"))[:2] or len(known) < 2:
        return _not_plain(found)
    found.scope.did("words of a vendor left out", found.tag)
    return b"\\".join(known)


def _not_plain(found: Found) -> Answer:
    if found.kind.startswith("1"):
        raise Refused(
            f"{name_of(found.tag)} holds what the Standard does not list there, and it must be there."
        )
    found.scope.did("not what its VR says, left out", found.tag)
    return b"" if found.kind.startswith("2") else None
