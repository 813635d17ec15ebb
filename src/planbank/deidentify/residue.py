"""What of a patient's identity is still in a copy: the last look before it leaves (R111).

Comes in: an object as it came and as it was made. Goes out: the tags of texts in which a name or number of
the original still stands as a word. It knows nothing of how copies are made: whatever an operator, a list of
names to keep or a private block let through is found here.

Sources: the names (VR PN) anywhere in the original, and the identifiers listed below (PS3.15 E.1-1).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from planbank.deidentify.level import dictionary_vr
from planbank.deidentify.recheck import Doubt
from planbank.deidentify.walked import Level, level_of
from planbank.deidentify.words import Words
from planbank.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXTS = frozenset({b"LO", b"SH", b"LT", b"ST", b"UT", b"UC", b"PN", b"AE", b"UR"})
OURS = frozenset(
    {
        *(0x00080100, 0x00080102, 0x00080104),  # a published code, its scheme, its published meaning
        *(0x00080070, 0x00081090, 0x00181020),  # maker, model and versions of a machine
        0x00120063,  # De-identification Method
    }
)
"""Texts that no patient is behind, whatever they are called: there are people called Gray and Philips."""
IDENTIFIERS = frozenset(
    {
        0x00080050,  # Accession Number
        0x00100020,  # Patient ID
        0x00101000,  # Other Patient IDs
        0x00101040,  # Patient's Address
        0x00102154,  # Patient's Telephone Numbers
        0x00380010,  # Admission ID
    }
)
SHORTEST = 4  # characters of a word that is looked for; shorter ones would be everywhere
_APART = re.compile(rb"[\\^= ,;/]+")
_INSIDE = rb"[A-Za-z0-9\x80-\xff]"


def check_residue(came: bytes, made: bytes, words: Words, *, listed: bool = False) -> None:
    """Raises Refused, naming the attributes, where `made` still tells of the patient in `came`.

    `listed`: also a text that stands in the list of `words` was decided about by a person and is let through.
    """
    if found := residue(came, made, words, listed=listed):
        raise Refused("It still tells of the patient: " + ", ".join(str(one) for one in found[:5]))


def residue(came: bytes, made: bytes, words: Words, *, listed: bool = False) -> list[Doubt]:
    """The attributes of `made` in whose text a word of the identity in `came` stands. Raises a DicomError."""
    wanted = {word for text in _identity(level_of(came)) for word in _words_of(text)}
    wanted = {word for word in wanted if not words.allows(word.decode("latin-1"))}
    if not wanted:
        return []
    pattern = re.compile(
        rb"(?<!" + _INSIDE + rb")(?:" + b"|".join(map(re.escape, sorted(wanted))) + rb")(?!" + _INSIDE + rb")"
    )
    harmless = words if listed else Words()
    found = [(tag, text) for tag, text in _texts(level_of(made)) if pattern.search(text.lower())]
    tags = (tag for tag, text in found if not harmless.allows(_decoded(text)))
    return [Doubt(tag) for tag in dict.fromkeys(tags)]


def _decoded(text: bytes) -> str:
    """As UTF-8 where it is that, else as ISO 8859-1: names of lists are in one of both."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _words_of(text: bytes) -> Iterator[bytes]:
    """The words of a name or an identifier; an identifier with separators also whole."""
    whole = text.strip(b" ^=").lower()
    for word in (whole, *_APART.split(whole)):
        if len(word) >= SHORTEST:
            yield word


def _identity(level: Level) -> Iterator[bytes]:
    return (value for tag, vr, value in _values(level) if vr == b"PN" or tag in IDENTIFIERS)


def _texts(level: Level) -> Iterator[tuple[int, bytes]]:
    return ((tag, value) for tag, vr, value in _values(level) if vr in TEXTS and tag not in OURS)


def _values(level: Level) -> Iterator[tuple[int, bytes, bytes]]:
    """Tag, VR and value of each text, at any depth."""
    for tag, element in level.elements().items():
        vr = dictionary_vr(tag) or element.vr
        if vr == b"SQ":
            for inner in level.items(element):
                yield from _values(inner)
        elif vr in TEXTS:
            yield tag, vr, level.value(element)
