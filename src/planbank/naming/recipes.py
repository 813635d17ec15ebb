"""How a structure that nobody drew comes to be, or why it cannot (model.md, Derived structures).

Comes in: structure types, what a plan holds in their words, the treated side. Goes out: a `Recipe` for each
type that is made of others, and for each whose ROIs somebody said are one structure (R64). Pure; what is
missing or stands several times is told and never guessed. The geometry is planbank.dose.derived's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from planbank.dose.derived.expression import Name, Side, leaves, parse
from planbank.dose.derived.sides import TARGETS, side_of
from planbank.errors import ExpressionError
from planbank.naming.cells import NOTHING_FOUND, Cell, Named, Reading

if TYPE_CHECKING:
    from planbank.protocols.models import StructureType

SIDES = ("left", "right")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a type is made of in one plan.

    Attributes:
        expression: as typed; the type's own name where its ROIs are taken together.
        parts: name of a type -> the ROIs that stand for it; several of them are one structure together.
        side: the treated side, where the expression asks for it and it is known: 'left' or 'right'.
        missing, several: types that were not found, and those found more than once.
        wrong: why the expression means nothing, in words.
        is_union: not made of other types, but of several ROIs that somebody said are one structure.
    """

    expression: str
    parts: tuple[tuple[str, tuple[Named, ...]], ...] = ()
    side: str = ""
    missing: tuple[str, ...] = ()
    several: tuple[str, ...] = ()
    wrong: str = ""
    is_union: bool = False

    @property
    def can_be_made(self) -> bool:
        """Whether every part is there, once."""
        return not (self.missing or self.several or self.wrong)

    @property
    def rois(self) -> tuple[Named, ...]:
        """The ROIs it is made of."""
        return tuple(dict.fromkeys(roi for _name, rois in self.parts for roi in rois))

    @property
    def formula(self) -> str:
        """A hash: one structure set gives the same structure by the same formula, whatever the rules were."""
        said = json.dumps([self.expression, self.numbered, self.side])
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def numbered(self) -> list[tuple[str, list[int]]]:
        """The parts by ROI Number, for the record."""
        return [(name, [roi.number for roi in rois]) for name, rois in self.parts]

    def names(self, spoken: Callable[[Named], str]) -> str:
        """The names of its ROIs, as the reader may read them."""
        return " + ".join(dict.fromkeys(spoken(roi) for roi in self.rois))


class Recipes:
    """The types of one dictionary, made ready; `of` is asked once for each plan set."""

    def __init__(self, types: Iterable[StructureType]) -> None:
        types = list(types)
        self.plain = {row.pk: row.name for row in types if not row.expression}
        self.by_name = {row.name: row.pk for row in types if not row.expression}
        self.made = [
            (row.pk, row.expression, self._leaves(row.expression)) for row in types if row.expression
        ]

    def _leaves(self, expression: str) -> Sequence[Name | Side] | str:
        try:
            return leaves(parse(expression, list(self.by_name)))
        except ExpressionError as exc:
            return exc.detail

    def of(self, reading: Reading, side: str = "") -> dict[int, Recipe]:
        """Recipes by type. `side`: of the participant, as its record says."""
        found = {
            pk: Recipe(name, ((name, cell.rois),), is_union=True)
            for pk, name in self.plain.items()
            if (cell := reading.cells.get(pk, NOTHING_FOUND)).is_union and len(cell.rois) > 1
        }
        for pk, expression, parts in self.made:
            wrong = isinstance(parts, str)
            found[pk] = (
                Recipe(expression, wrong=parts) if wrong else self._made(expression, parts, reading, side)
            )
        return found

    def _made(self, expression: str, parts: Sequence[Name | Side], reading: Reading, side: str) -> Recipe:
        names: list[str] = []
        asks_side = any(isinstance(part, Side) for part in parts)
        for part in parts:
            pair = [part.name] if isinstance(part, Name) else self._pair(part.base)
            if isinstance(part, Side) and len(pair) < 2:
                return Recipe(
                    expression,
                    wrong=_("No two types are the left and the right of %(name)s.") % {"name": part.base},
                )
            names += pair
        if asks_side and side not in SIDES:
            if side:
                return Recipe(expression, wrong=_("Both sides are treated."))
            names += [name for name in self.by_name if name.upper().startswith(TARGETS)]
        named = {name: reading.cells.get(self.by_name[name], NOTHING_FOUND) for name in dict.fromkeys(names)}
        needed = {part.name for part in parts if isinstance(part, Name)}
        needed |= {name for part in parts if isinstance(part, Side) for name in self._pair(part.base)}
        kept = {name: cell for name, cell in named.items() if name in needed or _is_one(cell)}
        return Recipe(
            expression,
            tuple((name, cell.rois) for name, cell in kept.items()),
            side if asks_side and side in SIDES else "",
            tuple(name for name, cell in kept.items() if not cell.rois),
            tuple(name for name, cell in kept.items() if cell.is_multiple),
        )

    def _pair(self, base: str) -> list[str]:
        """The types that are the left and the right of something."""
        wanted = side_of(base)[0]
        return [name for name in self.by_name if side_of(name)[1] and side_of(name)[0] == wanted]


def _is_one(cell: Cell) -> bool:
    return cell.count == 1
