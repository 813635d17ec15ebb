"""C: text stays where it tells of nobody.

Comes in: a name, label or description. Goes out: KEEP where each of its values stands in the
vocabulary; else, for names that other objects and people tell things apart by, a name of ours; for
all others DIRTY: what the Basic Profile says holds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from planbank.deidentify.element import KEEP
from planbank.deidentify.values import TEXT
from planbank.dicom import text

if TYPE_CHECKING:
    from planbank.deidentify.element import Answer, Found, Keyed, View

CODE = "C"
DIRTY: Final = b"\0dirty"
"""The answer that the text cannot stay and has no name of ours."""

ROI_NUMBER, BEAM_NUMBER = 0x30060022, 0x300A00C0
NUMBERED = {0x30060026: (b"ROI", ROI_NUMBER), 0x300A00C2: (b"BEAM", BEAM_NUMBER)}
_LABELS = {0x30060002: "STRUCT", 0x300A0002: "PLAN"}
_NUMBER = re.compile(r"[0-9]{1,6}")


def apply(found: Found) -> Answer:
    """Keep it if it is clean; a name of ours or DIRTY if not."""
    if found.vr not in TEXT:
        return DIRTY
    if is_clean(found):
        return KEEP
    if found.tag in NUMBERED:
        found.scope.did("name replaced", found.tag)
        return _numbered(found)
    if found.tag in _LABELS:
        found.scope.did("name replaced", found.tag)
        return _label(_LABELS[found.tag], found.scope.sop_instance_uid)
    return DIRTY


def is_clean(found: Found) -> bool:
    """Whether each value stands in the vocabulary, without anything hidden behind it."""
    value, guessed = text.decode(found.value, found.charset)
    if guessed or "\0" in value or "\x1b" in value:
        return False
    return all(found.scope.words.allows(part) for part in value.split("\\"))


def _numbered(found: Found) -> Answer:
    """'ROI 3', 'BEAM 2'. A number that is none gives way to letters made from the name."""
    word = NUMBERED[found.tag][0]
    if _NUMBER.fullmatch(found.number):
        return word + b" " + found.number.encode("ascii")
    name = found.value.decode("latin-1")

    def lettered(view: View) -> bytes:
        return word + b" " + view.key.tell("name", name, 4).encode("ascii")

    return lettered


def _label(word: str, uid: str) -> Keyed:
    """A label of at most 13 characters, another one in each object and copy."""

    def label(view: View) -> bytes:
        return f"{word}-{view.key.tell('label', uid, 6)}".encode("ascii")

    return label
