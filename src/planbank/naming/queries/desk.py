"""Everything a page or the API asks of one dictionary, for one reader.

Comes in: a reader, a protocol or project. Goes out: its matrix, previews of changes and its names, each
read from the database once. Names are shown by the name rule of model.md, which holds here too: a word of the
dictionary, a standard name, or one that five patients bear; else 'ROI n'.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from planbank.catalogue.models import PlanSet
from planbank.catalogue.names import showable
from planbank.dicom.names.standard import folded
from planbank.dicom.patterns import Pattern
from planbank.naming.actions.editing import Line
from planbank.naming.book import Book, Rule
from planbank.naming.cells import Chosen, Named
from planbank.naming.matrix import Matrix, matrix_of
from planbank.naming.models import DictionaryRule
from planbank.naming.preview import Preview, Sheet, compare, narrower
from planbank.naming.queries.books import Where, book_of, choices_of, edition_at
from planbank.naming.queries.dictionaries import dictionary_of, types_of
from planbank.naming.queries.readings import sides_of
from planbank.naming.queries.sheets import Row, plan_sets_of, rows_of
from planbank.naming.recipes import Recipes
from planbank.naming.suggest.entry import SafeEntry, safe_entry
from planbank.naming.suggest.rank import Candidate, Suggestion, candidate, contradicts_side, rank
from planbank.protocols.models import Membership, Project, Protocol, StructureType
from planbank.reach.rows import Reader


@dataclass(frozen=True)
class Unmapped:
    """A name that stands for nothing yet: how many ROIs bear it, and how many at which centre."""

    name: str
    rois: int
    institutions: dict[int, int]


NEW = 0
"""The id of a rule that is not saved yet."""


def _member_at(owner: Protocol | Project, at: datetime) -> Exists:
    """Whether the head of a plan set stood in the protocol at a moment, and still may be seen."""
    held = Membership.objects.as_of(at).filter(  # type: ignore[attr-defined]
        patient_file=OuterRef("patient_file"), sop_instance_uid=OuterRef("sop_instance_uid")
    )
    return Exists(held.filter(protocol=owner) if isinstance(owner, Protocol) else held)


class Desk:
    """One dictionary on the desk of one reader. `institution`: only what this one sent."""

    def __init__(
        self,
        reader: Reader,
        owner: Protocol | Project,
        institution: int | None = None,
        *,
        action: str = "data.list",
        as_of: datetime | None = None,
    ) -> None:
        self.reader, self.owner, self.institution = reader, owner, institution
        self.action, self.as_of = action, as_of
        self.dictionary = dictionary_of(owner)

    @cached_property
    def edition(self) -> int | None:
        """The edition that stood on the day asked for; None: as it stands."""
        return None if self.as_of is None else edition_at(self.dictionary, self.as_of)

    @cached_property
    def plan_sets(self) -> QuerySet[PlanSet]:
        """The plan sets of this desk, veiled."""
        found = plan_sets_of(self.reader, self.dictionary, self.action)
        if self.as_of is not None:
            found = found.filter(_member_at(self.owner, self.as_of))
        if self.institution is not None:
            found = found.filter(patient_file__institution=self.institution)
        return found

    @cached_property
    def rows(self) -> list[Row]:
        """The plan sets with their ROIs, newest first."""
        return rows_of(self.plan_sets, self.dictionary)

    @cached_property
    def sheets(self) -> list[Sheet]:
        """The same as science wants them."""
        return [row.sheet(self.choices) for row in self.rows]

    @cached_property
    def book(self) -> Book:
        """The rules as they stand."""
        return book_of(self.dictionary, self.edition)

    @cached_property
    def choices(self) -> dict[Where, tuple[Chosen, ...]]:
        """What was chosen by hand."""
        return choices_of(self.dictionary, self.edition)

    @cached_property
    def types(self) -> list[StructureType]:
        """The structure types in use, A to Z."""
        return types_of(self.dictionary)

    @property
    def columns(self) -> list[StructureType]:
        """The types that names can stand for: columns of the matrix."""
        return [row for row in self.types if not row.expression]

    @property
    def derived(self) -> list[StructureType]:
        """The types that are made of others."""
        return [row for row in self.types if row.expression]

    @cached_property
    def matrix(self) -> Matrix:
        """Which plan has which structure."""
        needs = {need: [t.pk for t in self.columns if t.need == need] for need in ("required", "forbidden")}
        keys = [row.pk for row in self.columns]
        return matrix_of(
            self.rows,
            self.book,
            self.choices,
            keys,
            needs["required"],
            needs["forbidden"],
            recipes=Recipes(self.types),
            sides=sides_of(self.dictionary),
        )

    def matched(self) -> Counter[int]:
        """For each rule, how many ROIs it decides now."""
        borne = Counter((roi.name, row.institution) for row in self.rows for roi in row.rois)
        found: Counter[int] = Counter()
        for (name, institution), rois in borne.items():
            for rule in self.book.answer(name, institution).rules:
                found[rule.id] += rois
        return found

    def preview(self, add: Sequence[Line] = (), end: Iterable[int] = ()) -> Preview:
        """What adding and ending rules would do. Raises ValueError for an entry that is no pattern."""
        fresh = [Rule(NEW, line.entry, line.structure_type, line.institution) for line in add]
        gone = set(end)
        kept = [rule for rule in self.book.rules if rule.id not in gone]
        after = Book([*kept, *fresh], self.book.case_sensitive)
        about = [Pattern(line.entry, self.book.case_sensitive) for line in add]
        return compare(self.sheets, self.book, after, about if len(about) == 1 else ())

    def narrower(self, line: Line, end: Iterable[int] = ()) -> tuple[Rule, Preview] | None:
        """A tighter rule that doubles and breaks nothing."""
        gone = set(end)
        kept = Book([rule for rule in self.book.rules if rule.id not in gone], self.book.case_sensitive)
        return narrower(self.sheets, kept, Rule(NEW, line.entry, line.structure_type, line.institution))

    @cached_property
    def candidates(self) -> list[Candidate]:
        """The types as the assistant knows them, with every name they go by here."""
        entries: dict[int, list[str]] = defaultdict(list)
        for rule in self.book.rules:
            if Pattern(rule.entry).is_literal:
                entries[rule.type].append(rule.entry)
        return [candidate(row.pk, row.name, entries[row.pk]) for row in self.columns]

    @cached_property
    def learned(self) -> dict[str, int]:
        """What rules of other dictionaries say of a name, for types that are called the same there."""
        mine = {row.name.casefold(): row.pk for row in self.columns}
        rows = DictionaryRule.objects.filter(ended_in__isnull=True).exclude(dictionary=self.dictionary)
        told: dict[str, Counter[int]] = defaultdict(Counter)
        for entry, name in rows.values_list("entry", "structure_type__name"):
            if name.casefold() in mine and Pattern(entry).is_literal:
                told[folded(entry)][mine[name.casefold()]] += 1
        return {entry: counts.most_common(1)[0][0] for entry, counts in told.items()}

    def suggest(self, name: str) -> list[Suggestion]:
        """The types a name most likely means, best first."""
        return rank(name, self.candidates, self.learned)

    def safe_entry(self, name: str, type_: int, institution: int | None = None) -> SafeEntry:
        """The most general safe rule by which `name` would stand for a type."""

        def means(one: str) -> int | None:
            found = self.suggest(one)
            return found[0].type if found else None

        return safe_entry(name, type_, self.sheets, self.book, means, institution)

    def unmapped(self) -> list[Unmapped]:
        """Every name that stands for nothing yet, most frequent first."""
        places: dict[str, Counter[int]] = defaultdict(Counter)
        for row in self.matrix.rows:
            for roi in row.reading.unmapped:
                places[roi.name][row.row.institution] += 1
        found = [Unmapped(name, sum(counts.values()), dict(counts)) for name, counts in places.items()]
        return sorted(found, key=lambda one: (-one.rois, one.name))

    def swapped(self) -> list[tuple[Rule, str, str]]:
        """Rules whose entry says one side and whose type says the other: (rule, entry, type)."""
        names = {row.pk: row.name for row in self.columns}
        pairs = [(rule, rule.entry, names.get(rule.type, "")) for rule in self.book.rules]
        return [one for one in pairs if contradicts_side(one[1].replace("*", " "), one[2])]

    def vocabulary(self) -> list[str]:
        """The words of the dictionary: its types and its entries without wildcards."""
        entries = [rule.entry for rule in self.book.rules if Pattern(rule.entry).is_literal]
        return [*(row.name for row in self.types), *entries]

    def shown(self, names: Iterable[str]) -> set[str]:
        """Those of the names that this reader may read: all that stand in a plan they see by name."""
        names = set(names)
        named = {roi.name for row in self.rows if row.is_named for roi in row.rois}
        return (names & named) | showable(names - named, also=self.vocabulary())

    def spoken_names(self, row: Row) -> Callable[[Named], str]:
        """How to call the ROIs of a row; the name rule is asked once for the whole desk."""
        if row.is_named:
            return lambda roi: roi.name
        known = self._known
        return lambda roi: roi.name if roi.name in known else _("ROI %(n)s") % {"n": roi.number}

    @cached_property
    def _known(self) -> set[str]:
        """Names of all ROIs of rows that are not seen by name which may be shown."""
        names = {roi.name for row in self.rows if not row.is_named for roi in row.rois}
        return showable(names, also=self.vocabulary())

    def spoken(self, row: Row, rois: Iterable[Named]) -> dict[Named, str]:
        """What each ROI of a row is called to this reader."""
        rois = list(rois)
        if row.is_named:
            return {roi: roi.name for roi in rois}
        known = showable((roi.name for roi in rois), also=self.vocabulary())
        return {roi: roi.name if roi.name in known else _("ROI %(n)s") % {"n": roi.number} for roi in rois}
