"""The panel of one cell: which ROI by which rule, what else there is, what can be done (R63).

Comes in: a desk, a row of the matrix, a type. Goes out: what panel.html shows; names by the name rule.
"""

from __future__ import annotations

from typing import Any

from planbank.catalogue.models import PlanSet
from planbank.naming.cells import Named
from planbank.naming.matrix import MatrixRow
from planbank.naming.queries.desk import Desk
from planbank.protocols.models import StructureType
from planbank.statistics.made import why_not


def panel_of(desk: Desk, one: MatrixRow, type_: int) -> dict[str, Any]:
    """Everything the panel says of a cell."""
    kind = next(t for t in desk.types if t.pk == type_)
    if kind.expression:
        return _derived(desk, one, kind)
    row, cell = one.row, one.cell(type_)
    spoken = desk.spoken(row, [*row.rois, *row.left_out])
    rules = {roi: desk.book.answer(roi.name, row.institution).rules for roi in (*row.rois, *row.left_out)}
    torn = [roi for roi, answer in one.reading.conflicts if type_ in answer.conflict]

    def line(roi: Named) -> dict[str, Any]:
        return {
            "roi": roi,
            "name": spoken[roi],
            "may_be_a_rule": spoken[roi] == roi.name,
            "rules": [rule.entry for rule in rules[roi] if rule.type == type_],
        }

    likely = []
    for roi in one.reading.unmapped if not cell.count else ():
        fits = next((its for its in desk.suggest(roi.name) if its.type == type_), None)
        if fits is not None and spoken[roi] == roi.name:
            likely.append((fits.score, line(roi)))
    likely.sort(key=lambda pair: -pair[0])
    return {
        "likely": [its for _score, its in likely[:3]],
        "lacking": _lacking(desk, type_, likely[0][1]["roi"].name) if likely else None,
        "row": row,
        "plan_set": _plan_set(desk, one),
        "type": kind,
        "cell": cell,
        "found": [line(roi) for roi in cell.rois],
        "torn": [line(roi) for roi in torn],
        "others": [line(roi) for roi in one.reading.unmapped],
        "empty": [line(roi) for roi in row.left_out],
        "rule_count": sum(1 for rule in desk.book.rules if rule.type == type_),
    }


def _derived(desk: Desk, one: MatrixRow, kind: StructureType) -> dict[str, Any]:
    """What the panel says of a type that is made of others: its parts in this plan, or what is lacking."""
    recipe = one.recipes[kind.pk]
    spoken = desk.spoken(one.row, recipe.rois)
    return {
        "row": one.row,
        "plan_set": _plan_set(desk, one),
        "type": kind,
        "recipe": recipe,
        "why_not": why_not(recipe),
        "parts": [(name, [spoken[roi] for roi in rois]) for name, rois in recipe.parts],
    }


def _plan_set(desk: Desk, one: MatrixRow) -> PlanSet:
    found: PlanSet = desk.plan_sets.select_related("patient_file__institution").get(pk=one.row.plan_set)
    return found


def _lacking(desk: Desk, type_: int, name: str) -> tuple[int, int]:
    """Of the plans that lack a type, how many hold this name; and how many lack it."""
    without = [row for row in desk.matrix.rows if not row.cell(type_).count]
    return sum(1 for row in without if any(roi.name == name for roi in row.row.rois)), len(without)
