"""The stored DVHs of derived types, and which of them are still to be calculated.

Comes in: readings of plan sets with their calculations. Goes out: rows, found by what the dictionary says
now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from planbank.catalogue.models import Calculation, Roi
from planbank.dose.version import ALGORITHM
from planbank.naming.matrix import MatrixRow
from planbank.naming.models import DerivedDvh
from planbank.naming.recipes import Recipe

Key = tuple[int, int, str]
"""Calculation, structure type, formula."""


@dataclass(frozen=True)
class Wanted:
    """A DVH that a dictionary asks for."""

    calculation: int
    type: int
    recipe: Recipe

    @property
    def key(self) -> Key:
        return self.calculation, self.type, self.recipe.formula


def wanted_of(
    rows: Iterable[MatrixRow], only: int | None = None, also: Iterable[tuple[int, int, int]] = ()
) -> list[Wanted]:
    """Everything that can be made, in each calculation of its plan set. Three queries.

    Args:
        rows: of plan sets.
        only: one calculation.
        also: further (plan set, calculation, structure set): those of doses that are added up.
    """
    rows = [row for row in rows if any(recipe.can_be_made for recipe in row.recipes.values())]
    through = Calculation.plan_sets.through.objects.filter(planset__in=[row.row.plan_set for row in rows])
    if only is not None:
        through = through.filter(calculation=only)
    places: dict[int, list[tuple[int, int]]] = defaultdict(list)
    pairs = through.values_list("planset", "calculation", "calculation__structure_set")
    for plan_set, calculation, structure_set in {*pairs, *also}:
        places[plan_set].append((calculation, structure_set))
    sets = structure_sets_of(roi.about for row in rows for one in row.recipes.values() for roi in one.rois)
    return list(_wanted(rows, places, sets))


def _wanted(
    rows: Iterable[MatrixRow], places: dict[int, list[tuple[int, int]]], sets: dict[int, int]
) -> Iterator[Wanted]:
    for row in rows:
        for type_, recipe in row.recipes.items():
            if recipe.can_be_made:
                held = {sets.get(roi.about) for roi in recipe.rois}
                for calculation, structure_set in places[row.row.plan_set]:
                    if held == {structure_set}:
                        yield Wanted(calculation, type_, recipe)


def structure_sets_of(rois: Iterable[int]) -> dict[int, int]:
    """ROI row -> structure set. ROI Numbers mean nothing in another one."""
    return dict(Roi.objects.filter(pk__in=set(rois)).values_list("pk", "structure_set"))


def lacking(wanted: Iterable[Wanted]) -> list[Wanted]:
    """Those that the algorithm in force has not calculated. One query."""
    wanted = list(wanted)
    rows = DerivedDvh.objects.filter(calculation__in={one.calculation for one in wanted}, algorithm=ALGORITHM)
    there = set(rows.values_list("calculation", "structure_type", "formula"))
    return [one for one in wanted if one.key not in there]


def fits(recipe: Recipe, structure_set: int, sets: dict[int, int]) -> bool:
    """Whether all its ROIs are of one structure set; `sets` from `structure_sets_of`."""
    return {sets.get(roi.about) for roi in recipe.rois} == {structure_set}


def dvhs_of(calculations: Iterable[int], with_curves: bool) -> dict[Key, DerivedDvh]:
    """Every stored DVH of the algorithm in force. One query."""
    rows = DerivedDvh.objects.filter(calculation__in=set(calculations), algorithm=ALGORITHM)
    if not with_curves:
        rows = rows.defer("curve", "parameters")
    return {(row.calculation_id, row.structure_type_id, row.formula): row for row in rows}
