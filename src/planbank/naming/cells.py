"""Which ROIs of one structure set stand for which structure types (R62 to R66).

Comes in: the ROIs of a structure set, a `Book`, what people chose for it. Goes out: one `Cell` for
each type that is found, the names that stand for nothing, and conflicts. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from planbank.naming.book import Answer, Book


class Named(NamedTuple):
    """One ROI as sent; `about` is what the caller wants to know it by (a key of a row)."""

    number: int
    name: str
    about: int = 0


class Verdict(Enum):
    """What a person chose for a type in one structure set."""

    USE = "use"
    EXCLUDE = "exclude"
    UNION = "union"


class Chosen(NamedTuple):
    """One choice: `number` and `name` of the ROI (none for a union), for structure type `type`."""

    verdict: Verdict
    type: int
    number: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """The ROIs that stand for one type, and how that came to be.

    `is_union`: somebody said that they are one structure together. `by_hand`: somebody chose or
    excluded. `lost`: somebody's choice no longer applies, as its ROI has gone.
    """

    rois: tuple[Named, ...] = ()
    is_union: bool = False
    by_hand: bool = False
    lost: bool = False

    @property
    def count(self) -> int:
        """0 is a red cross, 1 a green tick, more a yellow tick with the number (R62)."""
        return 1 if self.is_union and self.rois else len(self.rois)

    @property
    def is_multiple(self) -> bool:
        """Whether tables give each ROI a row of its own, flagged `multiple` (R64)."""
        return self.count > 1


@dataclass(frozen=True)
class Reading:
    """What a structure set holds in a protocol's words."""

    cells: Mapping[int, Cell]
    unmapped: tuple[Named, ...] = ()
    conflicts: tuple[tuple[Named, Answer], ...] = ()


NOTHING_FOUND = Cell()


def read(rois: Iterable[Named], book: Book, institution: int, chosen: Iterable[Chosen] = ()) -> Reading:
    """Sort ROIs under structure types. Empty and trigger ROIs are left out by the caller (R66).

    A choice is for the ROI with the number *and* the name it was made for: a new version of the
    structure set in which that ROI is another one loses it, and says so.
    """
    rois = tuple(rois)
    found: dict[int, list[Named]] = defaultdict(list)
    unmapped: list[Named] = []
    conflicts: list[tuple[Named, Answer]] = []
    for roi in rois:
        answer = book.answer(roi.name, institution)
        if answer.type is not None:
            found[answer.type].append(roi)
        elif answer.is_unmapped:
            unmapped.append(roi)
        else:
            conflicts.append((roi, answer))
    cells = {type_: Cell(tuple(its)) for type_, its in found.items()}
    chosen = tuple(chosen)
    if not chosen:
        return Reading(cells, tuple(unmapped), tuple(conflicts))
    used: set[Named] = set()
    for type_ in {one.type for one in chosen}:
        cells[type_] = _by_hand(found[type_], rois, [one for one in chosen if one.type == type_])
        used.update(cells[type_].rois)
    left = tuple(roi for roi in unmapped if roi not in used)
    return Reading(cells, left, tuple(one for one in conflicts if one[0] not in used))


def _by_hand(matched: list[Named], rois: tuple[Named, ...], chosen: list[Chosen]) -> Cell:
    """The cell of one type as its choices have it; USE names all that count, EXCLUDE what does not."""
    here: dict[tuple[int | None, str], Named] = {(roi.number, roi.name): roi for roi in rois}
    wanted = [one for one in chosen if one.verdict is not Verdict.UNION]
    lost = any((one.number, one.name) not in here for one in wanted)
    out = {(one.number, one.name) for one in wanted if one.verdict is Verdict.EXCLUDE}
    use = [here.get((one.number, one.name)) for one in wanted if one.verdict is Verdict.USE]
    kept = [roi for roi in use if roi is not None] or matched
    final = tuple(roi for roi in kept if (roi.number, roi.name) not in out)
    return Cell(final, any(one.verdict is Verdict.UNION for one in chosen), True, lost)
