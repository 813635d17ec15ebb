"""Figures of returns as people read them: heat map, table over observers, feedback to one (R112).

Comes in: comparisons of a study. Goes out: cells, lines and sheets. Nothing here is rounded but for showing.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.audits.models import AuditStudy, Comparison, Observer

FEWEST_OTHERS = 3
"""Figures of fewer others are not shown to an observer: one could tell whose they are."""


@dataclass(frozen=True)
class Measure:
    """A figure. `steps`: four limits between the five shades, from the best on; none: not shaded."""

    name: str
    title: str | Promise
    unit: str
    decimals: int
    steps: tuple[float, ...] = ()

    def shade(self, value: float) -> str:
        """Darkest (h5) where it is best."""
        if not self.steps:
            return ""
        falling = self.steps[0] > self.steps[-1]
        worse = sum(value < one if falling else value > one for one in self.steps)
        return f"h{5 - worse}"


MEASURES = (
    Measure("dsc", gettext_lazy("DSC"), "", 2, (0.9, 0.8, 0.7, 0.6)),
    Measure("surface_dsc", gettext_lazy("Surface DSC"), "", 2, (0.9, 0.8, 0.7, 0.6)),
    Measure("hd95_mm", gettext_lazy("HD95"), "mm", 1, (2.0, 4.0, 7.0, 12.0)),
    Measure("mean_mm", gettext_lazy("Mean distance"), "mm", 1, (0.5, 1.0, 2.0, 4.0)),
    Measure("added_path_mm", gettext_lazy("Added path"), "mm", 0),
    Measure("volume_cc", gettext_lazy("Volume"), "cm3", 1),
)


@dataclass(frozen=True)
class Cell:
    """One structure of one observer; `why` instead of a number where there is none."""

    value: float | None
    shade: str
    why: str = ""


@dataclass(frozen=True)
class Spread:
    """A figure over observers; empty of fewer than one."""

    mean: float | None
    low: float | None
    high: float | None
    deviation: float | None


@dataclass(frozen=True)
class Line:
    """One structure of a case: a cell for each observer, and each figure over them."""

    name: str
    cells: list[Cell]
    drawn: int
    spreads: list[Spread]


def rows_of(study: AuditStudy) -> list[Comparison]:
    """All comparisons that count, in one query."""
    related = ("row__observer__centre", "row__case", "structure_type")
    rows = Comparison.objects.filter(row__study=study, row__case__isnull=False, row__superseded_by=None)
    return list(
        rows.select_related(*related).order_by("row__case", "structure_type__name", "row__observer__code")
    )


def lines_of(rows: Iterable[Comparison], observers: Sequence[Observer], shown: Measure) -> list[Line]:
    """The lines of one case, by structure."""
    lines = []
    for name, held in groupby(rows, key=lambda one: one.structure_type.name):
        of = {one.row.observer_id: one for one in held}
        spreads = [
            _spread(value for one in of.values() if (value := _value(one, m)) is not None) for m in MEASURES
        ]
        cells = [_cell(of.get(one.pk), shown) for one in observers]
        lines.append(Line(name, cells, sum(one.volume_cc is not None for one in of.values()), spreads))
    return lines


def _value(row: Comparison, measure: Measure) -> float | None:
    found: float | None = getattr(row, measure.name)
    return found


def _cell(row: Comparison | None, measure: Measure) -> Cell:
    if row is None:
        return Cell(None, "none", _("not returned"))
    value = _value(row, measure)
    if value is None:
        return Cell(None, "none", str(row.get_reason_display()) if row.reason else _("cannot be told"))
    return Cell(value, measure.shade(value))


def _spread(values: Iterable[float]) -> Spread:
    held = list(values)
    if not held:
        return Spread(None, None, None, None)
    deviation = statistics.stdev(held) if len(held) > 1 else None
    return Spread(statistics.fmean(held), min(held), max(held), deviation)


@dataclass(frozen=True)
class Own:
    """One figure of an observer; the middle and the range of the others, where they are enough."""

    value: float | None
    middle: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Feedback:
    """One structure of one case, for the observer who drew it."""

    case: str
    name: str
    why: str
    others: int
    figures: list[Own]


def feedback_of(rows: Iterable[Comparison], observer: Observer) -> list[Feedback]:
    """What one observer may read: own figures, and of the others no single one."""
    groups: dict[tuple[int | None, str], list[Comparison]] = defaultdict(list)
    for one in rows:
        groups[one.row.case_id, one.structure_type.name].append(one)
    found = []
    for (_case, name), held in groups.items():
        mine = next((one for one in held if one.row.observer_id == observer.pk), None)
        if mine is None or mine.row.case is None:
            continue
        others = [one for one in held if one is not mine]
        figures = [_own(mine, others, measure) for measure in MEASURES]
        why = str(mine.get_reason_display()) if mine.reason else ""
        found.append(Feedback(mine.row.case.name, name, why, len(others), figures))
    return found


def _own(mine: Comparison, others: Iterable[Comparison], measure: Measure) -> Own:
    value = _value(mine, measure)
    held = [one for row in others if (one := _value(row, measure)) is not None]
    if len(held) < FEWEST_OTHERS:
        return Own(value)
    return Own(value, statistics.median(held), min(held), max(held))


def sheet_of(study: AuditStudy, rows: Iterable[Comparison]) -> tuple[list[str], Iterator[Sequence[Any]]]:
    """One line a structure, case and observer."""
    heads = [_("Case"), _("Structure"), _("Centre"), _("Observer"), _("Held against"), _("Tolerance (mm)")]
    heads += [
        _("Reference (cm3)"),
        *(f"{one.title} ({one.unit})" if one.unit else str(one.title) for one in MEASURES),
    ]
    heads += [
        _("Shift x (mm)"),
        _("Shift y (mm)"),
        _("Shift z (mm)"),
        _("Drawn by"),
        _("Why not"),
        _("Label"),
    ]
    lines = (
        (
            *_whose(one),
            *(study.get_basis_display(), study.tolerance_mm, one.reference_cc),
            *(_value(one, measure) for measure in MEASURES),
            *(one.shift_mm or ["", "", ""]),
            *(one.observers, one.get_reason_display() if one.reason else "", one.row.label),
        )
        for one in rows
    )
    return heads, lines


def slices_of(rows: Iterable[Comparison]) -> tuple[list[str], Iterator[Sequence[Any]]]:
    """One line a slice."""
    heads = [_("Case"), _("Structure"), _("Centre"), _("Observer"), _("From (mm)"), _("To (mm)")]
    heads += [_("Reference (cm2)"), _("Area (cm2)"), _("DSC"), _("HD95 (mm)"), _("Mean distance (mm)")]
    heads += [_("Added path (mm)")]
    return heads, ((*_whose(one), *slice_) for one in rows for slice_ in one.slices)


def _whose(one: Comparison) -> tuple[str, str, str, str]:
    assert one.row.case is not None
    assert one.row.observer is not None
    return one.row.case.name, one.structure_type.name, one.row.observer.centre.code, one.row.observer.code
