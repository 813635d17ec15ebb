"""The lines of structures that nobody drew: made of others, or several ROIs taken together (R64, R78).

Comes in: recipes of plan sets. Goes out: lines with the stored DVH of just that recipe; what cannot be made
has a line without numbers that says why. Nothing is added up here: the geometry was calculated by the
service `derive`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from planbank.catalogue.curves import numbers_of
from planbank.catalogue.models import PlanSet
from planbank.naming.cells import Cell, Named
from planbank.naming.matrix import MatrixRow
from planbank.naming.models import DerivedDvh
from planbank.naming.queries.derived import Key, dvhs_of, fits, structure_sets_of
from planbank.naming.recipes import Recipe
from planbank.protocols.models import StructureType
from planbank.statistics.analysed import Use
from planbank.statistics.line import Line, evaluated
from planbank.statistics.request import MetricRequest


@dataclass(frozen=True)
class Made:
    """The stored DVHs of some plan sets and the structure sets of the ROIs they are made of."""

    request: MetricRequest
    stored: dict[Key, DerivedDvh]
    sets: dict[int, int]

    @classmethod
    def of(
        cls,
        rows: Iterable[MatrixRow],
        calculations: Collection[int],
        request: MetricRequest,
        with_curves: bool,
    ) -> Made:
        """Two queries; none where no type asked for is made of anything."""
        asked = {type_.pk for type_ in request.types}
        recipes = [one for row in rows for pk, one in row.recipes.items() if pk in asked]
        if not recipes:
            return cls(request, {}, {})
        sets = structure_sets_of(roi.about for recipe in recipes for roi in recipe.rois)
        return cls(request, dvhs_of(calculations, with_curves), sets)

    def lines(
        self,
        plan_set: PlanSet,
        type_: StructureType,
        cell: Cell,
        recipe: Recipe,
        spoken: Callable[[Named], str],
        use: Use,
    ) -> Iterator[Line]:
        """One for each calculation, or one that says what is lacking."""
        kind = "derived" if type_.expression else "union"
        flags = (*use.flags, kind, *(("by hand",) if cell.by_hand else ()))
        names = recipe.names(spoken)
        why = why_not(recipe)
        its = [c for c in use.calculations if fits(recipe, c.structure_set_id, self.sets)]
        if not why and recipe.rois and len({self.sets.get(roi.about) for roi in recipe.rois}) > 1:
            why = _("Its parts stand in different structure sets.")
        if why:
            yield Line(plan_set, type_, names, (*flags, "cannot calculate"), why_not=why, **use.said)
            return
        stored = [(c, self.stored.get((c.pk, type_.pk, recipe.formula))) for c in its]
        if not any(row for _calculation, row in stored):
            yield Line(
                plan_set, type_, names, (*flags, "not calculated"), made_of=recipe.expression, **use.said
            )
        for calculation, row in stored:
            if row is None:
                continue
            origin = origin_of(recipe, row)
            if row.reason:
                lack = (*flags, "cannot calculate")
                yield Line(
                    plan_set, type_, names, lack, calculation, made_of=origin, why_not=row.reason, **use.said
                )
                continue
            dvh = numbers_of(row)
            values = evaluated(self.request.metrics, dvh, use.prescription_gy, use.fractions)
            said = (*flags, *dvh.flags)
            yield Line(plan_set, type_, names, said, calculation, dvh, values, made_of=origin, **use.said)


def why_not(recipe: Recipe) -> str:
    """Why something cannot be made, in words; '' where it can."""
    if recipe.wrong:
        return recipe.wrong
    said = []
    if recipe.missing:
        said.append(_("Not found in this plan: %(names)s.") % {"names": ", ".join(recipe.missing)})
    if recipe.several:
        said.append(_("Found several times: %(names)s. Choose one.") % {"names": ", ".join(recipe.several)})
    return " ".join(said)


def origin_of(recipe: Recipe, row: DerivedDvh) -> str:
    """Where the numbers come from: 'Lung_L + Lung_R (dictionary edition 7, treated side left)'."""
    parts = _("several ROIs taken together") if recipe.is_union else recipe.expression
    words = [_("dictionary edition %(n)s") % {"n": row.edition}]
    if row.side:
        words.append({"left": _("treated side: left"), "right": _("treated side: right")}[row.side])
    return f"{parts} ({', '.join(words)})"
