"""What a change of the dictionary would do, before it is saved (R67).

Comes in: the plan sets of a protocol with their ROIs, the book before and the book after. Goes out: the
names that would be matched anew, moved, lost or left in conflict, at which centre, and the plans in
which a structure would then be there twice. Pure; the same for one rule, an import or an undo.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from planbank.dicom.patterns import Pattern
from planbank.naming.book import Answer, Book, Rule
from planbank.naming.cells import Chosen, Named, Reading, read


class Sheet(NamedTuple):
    """The ROIs of one plan set that count, who sent it, and what was chosen for it by hand."""

    plan_set: int
    institution: int
    rois: tuple[Named, ...]
    chosen: tuple[Chosen, ...] = ()


class What(Enum):
    """What becomes of a name."""

    NEW = "new match"
    MOVED = "moves to another structure"
    LOST = "matched no more"
    CONFLICT = "conflict"
    STAYS = "stays"


@dataclass(frozen=True)
class Effect:
    """What becomes of a name at one centre: how many ROIs bear it, and in which plans it doubles."""

    name: str
    institution: int
    what: What
    before: Answer
    after: Answer
    rois: int
    doubled: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Preview:
    """All effects of a change, those that change nothing last."""

    effects: tuple[Effect, ...]
    tried: int

    def total(self, what: What) -> int:
        """How many ROIs that becomes of."""
        return sum(effect.rois for effect in self.effects if effect.what is what)

    def names(self, what: What) -> int:
        """How many different names that becomes of."""
        return len({effect.name for effect in self.effects if effect.what is what})

    @cached_property
    def doubled(self) -> frozenset[int]:
        """Plan sets in which a structure would be there twice and was not before."""
        return frozenset().union(*(effect.doubled for effect in self.effects))

    @property
    def is_safe(self) -> bool:
        """Whether nothing is doubled, left in conflict, moved or lost."""
        bad = (What.CONFLICT, What.MOVED, What.LOST)
        return not self.doubled and all(effect.what not in bad for effect in self.effects)

    def by_institution(self) -> dict[int, tuple[int, int]]:
        """Institution -> ROIs newly matched, plans newly doubled; where anything happens."""
        matched: Counter[int] = Counter()
        doubled: dict[int, set[int]] = defaultdict(set)
        for effect in self.effects:
            matched[effect.institution] += effect.rois if effect.what is What.NEW else 0
            doubled[effect.institution] |= effect.doubled
        return {pk: (matched[pk], len(doubled[pk])) for pk in matched}


def compare(sheets: Iterable[Sheet], before: Book, after: Book, about: Iterable[Pattern] = ()) -> Preview:
    """What goes from `before` to `after`. `about`: entries whose names are told in any case."""
    about = tuple(about)
    tried, rois = 0, Counter[tuple[str, int]]()
    doubled: dict[tuple[str, int], set[int]] = defaultdict(set)
    for sheet in sheets:
        tried += len(sheet.rois)
        rois.update((roi.name, sheet.institution) for roi in sheet.rois)
        if any(_differs(roi.name, sheet.institution, before, after) for roi in sheet.rois):
            for name in _doubling(sheet, before, after):
                doubled[name, sheet.institution].add(sheet.plan_set)
    effects = []
    for (name, institution), count in rois.items():
        old, new = before.answer(name, institution), after.answer(name, institution)
        what = _what(old, new)
        if what is not What.STAYS or any(pattern.matches(name) for pattern in about):
            twice = frozenset(doubled[name, institution])
            effects.append(Effect(name, institution, what, old, new, count, twice))
    effects.sort(key=lambda one: (one.what is What.STAYS, -one.rois, one.name, one.institution))
    return Preview(tuple(effects), tried)


def with_rule(book: Book, rule: Rule, instead_of: int | None = None) -> Book:
    """The book with one rule more, or with it in the place of another."""
    kept = [one for one in book.rules if one.id != instead_of]
    return Book([*kept, rule], book.case_sensitive)


def narrower(sheets: Sequence[Sheet], before: Book, rule: Rule) -> tuple[Rule, Preview] | None:
    """A rule between this one and one exact name that doubles and breaks nothing, matching the most.

    None where there is none that matches anything.
    """
    best: tuple[Rule, Preview] | None = None
    for entry in _tighter(rule.entry.strip()):
        trial = replace(rule, entry=entry)
        found = compare(sheets, before, with_rule(before, trial))
        gain = found.total(What.NEW)
        if found.is_safe and gain > (best[1].total(What.NEW) if best else 0):
            best = (trial, found)
    return best


def _tighter(entry: str) -> list[str]:
    """Entries that match less: with fewer stars at the ends, or a star that must hold one character."""
    ends = {entry.strip("*"), entry.removesuffix("*"), entry.removeprefix("*")}
    ends |= {entry.replace("*", "?"), entry.replace("*", "?*"), entry.replace("*", "")}
    return sorted(one for one in ends if one.strip() and one != entry)


def _differs(name: str, institution: int, before: Book, after: Book) -> bool:
    old, new = before.answer(name, institution), after.answer(name, institution)
    return (old.type, old.conflict) != (new.type, new.conflict)


def _what(old: Answer, new: Answer) -> What:
    if (old.type, old.conflict) == (new.type, new.conflict):
        return What.STAYS
    if new.conflict:
        return What.CONFLICT
    if new.type is None:
        return What.LOST
    return What.NEW if old.type is None else What.MOVED


def _doubling(sheet: Sheet, before: Book, after: Book) -> set[str]:
    """Names by which a type is there more than once after, and was at most once before."""
    old, new = (read(sheet.rois, book, sheet.institution, sheet.chosen) for book in (before, after))
    found: set[str] = set()
    for type_, cell in new.cells.items():
        if cell.is_multiple and not _was_multiple(old, type_):
            mine = [roi for roi in cell.rois if _differs(roi.name, sheet.institution, before, after)]
            found |= {roi.name for roi in mine}
    return found


def _was_multiple(reading: Reading, type_: int) -> bool:
    cell = reading.cells.get(type_)
    return cell is not None and cell.is_multiple
