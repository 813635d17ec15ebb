"""Where an attribute stands: `PatientID`, `(300A,00B0).BeamName`, `(0029,xx10)[SIEMENS CSA HEADER]`.

Comes in: the path as people write it. Goes out: `TagPath`. Steps are parted by dots; each is a
keyword of the data dictionary, a tag, or a private tag with its creator in brackets (PS3.5 7.8.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from planbank.dicom.items import tag_of
from planbank.errors import ConditionError

MAX_STEPS = 12
_TAG = re.compile(r"\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?\Z")
_PRIVATE = re.compile(r"\(?([0-9A-Fa-f]{4}),?xx([0-9A-Fa-f]{2})\)?\[([^\[\]]{1,64})\]\Z", re.IGNORECASE)
_STEPS = re.compile(r"(?:\[[^\]]*\]|[^.\[])+")


@dataclass(frozen=True)
class Step:
    """One attribute: its tag; for a private one the low byte of the element, and its creator."""

    tag: int
    creator: str = ""


@dataclass(frozen=True)
class TagPath:
    """A path as it was written and its steps, outermost first."""

    text: str
    steps: tuple[Step, ...]


def read_path(text: str) -> TagPath:
    """Read a path. Raises ConditionError that says what would be right."""
    parts = _STEPS.findall(text.strip())
    if not parts or ".".join(parts) != text.strip():
        raise ConditionError(f"'{text[:80]}' names no attribute. Write a keyword, such as PatientID.")
    if len(parts) > MAX_STEPS:
        raise ConditionError(f"A path has at most {MAX_STEPS} steps.")
    return TagPath(text.strip(), tuple(_step(part.strip()) for part in parts))


def _step(part: str) -> Step:
    if private := _PRIVATE.match(part):
        group, low, creator = int(private[1], 16), int(private[2], 16), private[3].strip()
        if group % 2 == 0:
            raise ConditionError(f"'{part[:40]}': a private group has an odd number.")
        return Step(group << 16 | low, creator)
    if plain := _TAG.match(part):
        tag = int(plain[1], 16) << 16 | int(plain[2], 16)
        if (tag >> 16) % 2:
            raise ConditionError(f"'{part[:40]}' is private: write (gggg,xxee)[creator].")
        return Step(tag)
    try:
        return Step(tag_of(part))
    except KeyError:
        raise ConditionError(
            f"'{part[:40]}' is no attribute of the DICOM dictionary. Write a keyword (StationName), "
            "a tag (0008,1010) or a private tag (0029,xx10)[creator]."
        ) from None
