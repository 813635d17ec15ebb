"""The matrix: which plan has which structure (R62; Figure 5 of the paper).

Comes in: rows of plan sets, a book, choices, the structure types. Goes out: for each row how many ROIs
stand for each type, and for each type how many plans have it. Nothing is read here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from planbank.naming.book import Book
from planbank.naming.cells import NOTHING_FOUND, Cell, Chosen, Reading, read
from planbank.naming.queries.books import Where
from planbank.naming.queries.sheets import Row
from planbank.naming.recipes import Recipe, Recipes


@dataclass(frozen=True)
class MatrixRow:
    """One plan set and what it holds in the protocol's words; `recipes`: what can be made of it."""

    row: Row
    reading: Reading
    recipes: Mapping[int, Recipe] = field(default_factory=dict)

    def cell(self, type_: int) -> Cell:
        """The ROIs that stand for a type; none where it was not found."""
        return self.reading.cells.get(type_, NOTHING_FOUND)

    def count(self, type_: int) -> int:
        """How many ROIs stand for a type; of one that is made of others, whether it can be made."""
        recipe = self.recipes.get(type_)
        if recipe is not None and not recipe.is_union:
            return int(recipe.can_be_made)
        return self.cell(type_).count


@dataclass(frozen=True)
class Matrix:
    """Rows by types. `types`: the columns' keys; `required`: those without which a plan has a gap."""

    rows: Sequence[MatrixRow]
    types: Sequence[int]
    required: frozenset[int] = frozenset()
    forbidden: frozenset[int] = frozenset()

    @cached_property
    def found(self) -> Counter[int]:
        """For each type, in how many plans it was found, or can be made of others."""
        found: Counter[int] = Counter()
        for row in self.rows:
            found.update(type_ for type_, cell in row.reading.cells.items() if cell.rois)
            found.update(t for t, one in row.recipes.items() if not one.is_union and one.can_be_made)
        return found

    @property
    def patients(self) -> int:
        """How many patients the rows are of."""
        return len({row.row.patient or -row.row.patient_file for row in self.rows})

    def has_gap(self, row: MatrixRow) -> bool:
        """Whether a structure is missing that must be there: any of them where none is called required."""
        cells = row.reading.cells
        return any(not cells.get(type_, NOTHING_FOUND).rois for type_ in self.required or self.types)

    def has_double(self, row: MatrixRow) -> bool:
        """Whether a structure is there more than once, or torn between two types."""
        return bool(row.reading.conflicts) or any(one.is_multiple for one in row.reading.cells.values())

    def has_forbidden(self, row: MatrixRow) -> bool:
        """Whether a structure is there that must not be."""
        return any(row.cell(type_).count for type_ in self.forbidden)

    @property
    def gaps(self) -> int:
        """How many cells of required types are empty."""
        wanted = self.required or self.types
        return sum(1 for row in self.rows for type_ in wanted if not row.cell(type_).count)


def matrix_of(
    rows: Iterable[Row],
    book: Book,
    choices: Mapping[Where, tuple[Chosen, ...]],
    types: Sequence[int],
    required: Iterable[int] = (),
    forbidden: Iterable[int] = (),
    *,
    recipes: Recipes | None = None,
    sides: Mapping[int, str] | None = None,
) -> Matrix:
    """Read every plan set by the book. `sides`: of participants, by patient."""
    read_rows = []
    for row in rows:
        sheet = row.sheet(choices)
        reading = read(sheet.rois, book, sheet.institution, sheet.chosen)
        side = (sides or {}).get(row.patient or 0, "")
        read_rows.append(MatrixRow(row, reading, recipes.of(reading, side) if recipes else {}))
    return Matrix(read_rows, types, frozenset(required), frozenset(forbidden))
