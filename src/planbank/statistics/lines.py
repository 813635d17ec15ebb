"""The table of a request: one line for each plan, structure type and ROI that stands for it (R78).

Comes in: a desk (who asks, of which protocol), a request. Goes out: `Line`s, read as they are taken,
so that the size of a protocol does not matter. A type that was not found has a line without numbers:
blank, never zero. Several ROIs of one type have a line each, flagged `multiple`, until somebody chose (R64).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from django.db.models import QuerySet

from planbank.catalogue.models import Calculation, Dvh, PlanSet
from planbank.dose import engine
from planbank.dose.curve import unpack
from planbank.naming.cells import Named
from planbank.naming.matrix import MatrixRow
from planbank.naming.queries.desk import Desk
from planbank.naming.queries.sheets import Row
from planbank.reach import unveil_labels
from planbank.statistics.analysed import Analysed, Use
from planbank.statistics.line import Line, evaluated
from planbank.statistics.made import Made
from planbank.statistics.request import MetricRequest

AT_ONCE = 250
Spoken = Callable[[Row], Callable[[Named], str]]
_NO_CURVE = np.zeros(1)
_COLUMNS = ("pk", "calculation_id", "roi_id", "algorithm", "volume_cc", "outside_cc", "min_gy", "mean_gy")
_COLUMNS += ("max_gy", "edge_gy", "flags")


def lines_of(desk: Desk, request: MetricRequest, with_curves: bool = False) -> Iterator[Line]:
    """The lines, plan by plan in the order of the desk."""
    rows, analysed = desk.matrix.rows, Analysed.of(desk)
    return lines_in(rows, desk.plan_sets, request, desk.spoken_names, with_curves, analysed)


def lines_in(
    every: Sequence[MatrixRow],
    plan_sets_of: QuerySet[PlanSet],
    request: MetricRequest,
    spoken_names: Spoken,
    with_curves: bool = False,
    analysed: Analysed | None = None,
) -> Iterator[Line]:
    """The lines of rows, for whomever these are: `spoken_names` says what their ROIs are called.

    `analysed`: which plans have lines, None: each for itself.
    """
    curves = with_curves or request.needs_curves
    analysed = analysed or Analysed.none()
    every = [one for one in every if analysed.takes(one.row.plan_set)]
    for start in range(0, len(every), AT_ONCE):
        rows = every[start : start + AT_ONCE]
        keys = [one.row.plan_set for one in rows]
        found = plan_sets_of.filter(pk__in=keys).select_related("patient_file__institution")
        plan_sets = {row.pk: row for row in found}
        unveil_labels(plan_sets.values())
        calculations = _calculations(keys)
        uses = {pk: analysed.use(row, calculations.get(pk, ())) for pk, row in plan_sets.items()}
        taken = {one.pk for use in uses.values() for one in use.calculations}
        wanted = {roi.about for one in rows for cell in one.reading.cells.values() for roi in cell.rois}
        dvhs = _dvhs(taken, wanted, curves)
        made = Made.of(rows, taken, request, curves)
        for one in rows:
            if (plan_set := plan_sets.get(one.row.plan_set)) is not None:
                spoken, use = spoken_names(one.row), uses[plan_set.pk]
                yield from _lines(spoken, request, one, plan_set, use, dvhs, made)


def _lines(
    spoken: Callable[[Named], str],
    request: MetricRequest,
    one: MatrixRow,
    plan_set: PlanSet,
    use: Use,
    dvhs: dict[tuple[int, int], engine.Dvh],
    made: Made,
) -> Iterator[Line]:
    said_of_all, absent = use.said, (*use.flags, "not mapped")
    for type_, key in request.keyed:
        cell = one.cell(key)
        if (recipe := one.recipes.get(key)) is not None:
            yield from made.lines(plan_set, type_, cell, recipe, spoken, use)
            continue
        if not cell.rois:
            yield Line(plan_set, type_, "", absent, **said_of_all)
            continue
        flags = (
            *use.flags,
            *(("multiple",) if cell.is_multiple else ()),
            *(("by hand",) if cell.by_hand else ()),
        )
        for roi in cell.rois:
            name = spoken(roi)
            held = [(c, dvhs[c.pk, roi.about]) for c in use.calculations if (c.pk, roi.about) in dvhs]
            if not held:
                yield Line(plan_set, type_, name, (*flags, "not calculated"), **said_of_all)
            for calculation, dvh in held:
                values = evaluated(request.metrics, dvh, use.prescription_gy, use.fractions)
                said = (*flags, *dvh.flags)
                yield Line(plan_set, type_, name, said, calculation, dvh, values, **said_of_all)


def _calculations(plan_sets: list[int]) -> dict[int, list[Calculation]]:
    """Plan set -> its calculations with their doses. Two queries."""
    through = Calculation.plan_sets.through.objects.filter(planset__in=plan_sets)
    pairs = list(through.order_by("calculation").values_list("planset", "calculation"))
    rows = Calculation.objects.select_related("chosen_dose").in_bulk([pk for _plan, pk in pairs])
    found: dict[int, list[Calculation]] = defaultdict(list)
    for plan_set, pk in pairs:
        found[plan_set].append(rows[pk])
    return found


def _dvhs(calculations: set[int], rois: set[int], with_curves: bool) -> dict[tuple[int, int], engine.Dvh]:
    """(calculation, ROI) -> the DVH of the newest algorithm. One query."""
    found: dict[tuple[int, int], engine.Dvh] = {}
    newest = dict(Calculation.objects.filter(pk__in=calculations).values_list("pk", "algorithm"))
    rows = Dvh.objects.filter(calculation__in=calculations, roi__in=rois)
    columns = (*_COLUMNS, *(("curve",) if with_curves else ()))
    for row in rows.values(*columns).iterator(chunk_size=500):
        if row["algorithm"] == newest[row["calculation_id"]]:
            found[row["calculation_id"], row["roi_id"]] = _dvh(row)
    return found


def _dvh(row: dict[str, Any]) -> engine.Dvh:
    curve = row.get("curve")
    return engine.Dvh(
        number=0,
        name="",
        dose_uids=(),
        volume_cc=row["volume_cc"] or 0.0,
        outside_cc=row["outside_cc"] or 0.0,
        min_gy=row["min_gy"],
        mean_gy=row["mean_gy"],
        max_gy=row["max_gy"],
        curve=_NO_CURVE if curve is None else unpack(curve),
        edge_gy=row["edge_gy"],
        flags=tuple(row["flags"]),
        algorithm=row["algorithm"],
    )
