"""A request in few numbers: for each type and metric the spread over all plans, and by centre.

Comes in: `Line`s. Goes out: `Cell`s; small groups kept back for whom sees summaries only (R51). A plan in
which a type is there several times counts with none of them: what is not chosen is not guessed (R64).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from planbank.statistics.lines import Line
from planbank.statistics.population import Spread, spread_of, told
from planbank.statistics.request import MetricRequest

ALL = ""
"""The group of all centres together."""

REASONS = ("needs choice", "not added", "several doses", "multiple", "not mapped")
REASONS += ("cannot calculate", "not calculated")
LEFT_OUT = frozenset(REASONS)
"""Flags of lines that no summary counts; the first of REASONS is told."""


@dataclass(frozen=True)
class Cell:
    """One type, metric and centre; `spread` None: nothing, or kept back where `is_kept_back`."""

    type: str
    metric: str
    unit: str
    centre: str
    spread: Spread | None
    is_kept_back: bool = False


@dataclass(frozen=True)
class Summary:
    """All cells, and what could not go in: plans by reason."""

    cells: tuple[Cell, ...]
    left_out: dict[str, int]
    plans: int


def summary_of(request: MetricRequest, lines: Iterable[Line], only_summary: bool) -> Summary:
    """The spread of every metric of every type, of all centres and of each."""
    values: dict[tuple[int, int, str], list[float]] = defaultdict(list)
    patients: dict[tuple[int, str], set[int]] = defaultdict(set)
    left_out: dict[str, int] = defaultdict(int)
    plans: set[int] = set()
    for line in lines:
        plans.add(line.plan_set.pk)
        if not LEFT_OUT.isdisjoint(line.flags):
            left_out[next(flag for flag in REASONS if flag in line.flags)] += 1
            continue
        file, key = line.plan_set.patient_file, line.type.pk
        for group in (ALL, file.institution.code):
            patients[key, group].add(file.patient_id or -file.pk)
            for place, value in enumerate(line.values):
                if value.value is not None:
                    values[key, place, group].append(value.value)
    centres = sorted({group for _type, group in patients if group})
    cells = []
    for type_ in request.types:
        sizes = {group: len(patients[type_.pk, group]) for group in centres if patients[type_.pk, group]}
        shown = told(sizes) if only_summary else frozenset(sizes)
        whole = not only_summary or bool(told({ALL: len(patients[type_.pk, ALL])}))
        for place, metric in enumerate(request.metrics):
            for group in (ALL, *centres):
                found = spread_of(values[type_.pk, place, group])
                ok = whole if group == ALL else group in shown
                kept = found is not None and not ok
                cells.append(
                    Cell(type_.name, metric.typed, metric.unit, group, None if kept else found, kept)
                )
    return Summary(tuple(cells), dict(left_out), len(plans))
