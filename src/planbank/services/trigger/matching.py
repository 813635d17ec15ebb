"""Which triggers fire on which subjects, and which nearly would. Pure.

Comes in: triggers as rules, subjects with their ROIs and values. Goes out: `Match`es: fires, has
contours in it, is a near miss. Names are compared trimmed and without regard to case (R84).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from planbank.dicom.conditions import Node, ObjectValues
from planbank.dicom.names.standard import folded

What = Literal["fires", "has contours", "near miss"]
# A name this short differs from many others by two letters.
SHORT = 8


@dataclass(frozen=True)
class Rule:
    """A trigger as it matches: an ROI name, or a condition."""

    id: int
    roi_name: str = ""
    condition: Node | None = None


@dataclass(frozen=True)
class SeenRoi:
    """One ROI: its name as sent, and whether anything is drawn in it."""

    name: str
    is_empty: bool


@dataclass(frozen=True)
class Match:
    """`about`: the name of the ROI, or the condition in words."""

    rule: int
    what: What
    about: str = ""


def match(rules: Iterable[Rule], rois: Iterable[SeenRoi], values: Iterable[ObjectValues]) -> list[Match]:
    """What the rules make of one subject, in the order of the rules.

    A condition holds where one object of the subject meets all of it.
    """
    rules, rois, objects = list(rules), list(rois), list(values)
    names = {folded(rule.roi_name) for rule in rules if rule.roi_name}
    found: list[Match] = []
    for rule in rules:
        if rule.condition is not None:
            if any(not rule.condition.unmet(one) for one in objects):
                found.append(Match(rule.id, "fires"))
        else:
            found += _by_roi(rule, rois, names)
    return found


def _by_roi(rule: Rule, rois: list[SeenRoi], names: set[str]) -> Iterator[Match]:
    wanted = folded(rule.roi_name)
    same = [roi for roi in rois if folded(roi.name) == wanted]
    if any(roi.is_empty for roi in same):
        yield Match(rule.id, "fires", next(roi.name for roi in same if roi.is_empty))
    elif same:
        yield Match(rule.id, "has contours", same[0].name)
    else:
        for roi in rois:
            if roi.is_empty and folded(roi.name) not in names and is_near(folded(roi.name), wanted):
                yield Match(rule.id, "near miss", roi.name)
                return


def is_near(name: str, wanted: str) -> bool:
    """Whether a name is a slip of the wanted one: one edit, two in a long name (R96)."""
    most = 1 if len(wanted) < SHORT else 2
    return name != wanted and len(wanted) > 3 and edits(name, wanted, most) <= most


def edits(a: str, b: str, most: int) -> int:
    """Letters added, left out, changed or swapped with their neighbour; more than `most` is `most` + 1."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    older: list[int] = []
    last: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        older, last, row = last, row, [i]
        for j, other in enumerate(b, 1):
            row.append(min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other)))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                row[j] = min(row[j], older[j - 2] + 1)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
