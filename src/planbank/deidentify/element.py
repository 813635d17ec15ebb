"""What an operator is given, and what it may answer.

Comes in: one element of an object, where it stands, and what holds for the whole object. Goes out:
`KEEP` (the bytes as they are), `None` (left out), bytes (the new value) or a function that makes the
value for one copy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from pydicom.datadict import dictionary_VM, keyword_for_tag

if TYPE_CHECKING:
    from planbank.deidentify.iods import Iod
    from planbank.deidentify.keys import CopyKey, Patient
    from planbank.deidentify.profiles import Profile
    from planbank.deidentify.words import Words
    from planbank.dicom.text import CharacterSet


class Kept(Enum):
    """The answer of an operator that changes nothing."""

    KEEP = "as it is"


KEEP = Kept.KEEP


@dataclass(frozen=True, slots=True)
class View:
    """One patient in one copy: what values are made from."""

    key: CopyKey
    patient: Patient


Keyed = Callable[[View], bytes]
Answer = bytes | Keyed | Kept | None


@dataclass(slots=True)
class Scope:
    """What holds for the whole object. `notes` counts what was done, for the report."""

    profile: Profile
    words: Words
    iod: Iod
    sop_instance_uid: str
    notes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def did(self, what: str, tag: int) -> None:
        """Count one thing that was done to an attribute."""
        self.notes[what, name_of(tag)] += 1


@dataclass(slots=True)
class Found:
    """One element.

    Attributes:
        vr: by the data dictionary.
        kind: its type in the IOD at this place ('1' to '3'); '' where the IOD does not have it here.
        number: text of the number of the ROI or beam in the same item, for names.
    """

    tag: int
    vr: bytes
    value: bytes
    kind: str
    charset: CharacterSet
    scope: Scope
    number: str = ""


def name_of(tag: int) -> str:
    """The keyword of a tag, or the tag itself where the dictionary has none."""
    return keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def most_values(tag: int) -> int:
    """How many values the dictionary allows; 0 for any number."""
    try:
        last = dictionary_VM(tag).split("-")[-1]
    except KeyError:
        return 1
    return int(last) if last.isdigit() else 0
