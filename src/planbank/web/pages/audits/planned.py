"""What observers planned, side by side: constraints, figures and curves (R112).

Comes in: requests of who collects in a protocol. Goes out: a page and a CSV; figures are evaluated from the
stored DVHs, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from planbank.audits.models import AuditStudy, Observer, PlannedDvh
from planbank.catalogue.curves import numbers_of
from planbank.dose.metrics import parse_list
from planbank.protocols.actions.constraining import in_force
from planbank.protocols.constraints.judging import Asked, judge
from planbank.protocols.constraints.reasons import reason_in_words
from planbank.protocols.models import Constraint, Verdict
from planbank.statistics.line import evaluated
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import page
from planbank.web.pages.audits.choosing import study_of
from planbank.web.pages.audits.curves import Chart, chart_of
from planbank.web.pages.constraints.cells import ICONS

FIGURES = parse_list("Dmean, D98%, D50%, D2%, Dmax, Volume")


@dataclass(frozen=True)
class Cell:
    """One observer's: a number, the look of its verdict, or why there is none."""

    value: float | None = None
    icon: str = ""
    word: str = ""
    why: str = ""


@dataclass(frozen=True)
class Line:
    """A row of a table: what is asked, a cell for each observer."""

    title: str
    sub: str
    cells: list[Cell]


@page(
    "protocols/<int:protocol>/audits/<int:pk>/planned/",
    name="audit-planned",
    action="audit.collect",
    scope="protocol",
)
def planned(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """One case at a time: the protocol's constraints and the figures of each structure, by observer."""
    study = study_of(protocol, pk)
    asked = in_force(study.protocol)
    if wants_csv(request):
        return as_csv(f"{study.name} planned", _heads(asked), _sheet(study, asked))
    cases = list(study.cases.order_by("pk"))
    case = next((one for one in cases if one.name == request.GET.get("case")), cases[0] if cases else None)
    rows = [one for one in rows_of(study) if case is not None and one.row.case_id == case.pk]
    observers = list(study.observers.order_by("centre__code", "code"))
    start = reverse("audit-planned", args=[protocol, pk])
    context = {
        "study": study,
        "protocol": study.protocol,
        "case": case,
        "observers": observers,
        "constraints": [_constraint(one, rows, observers) for one in asked] if rows else [],
        "figures": list(_figures(rows, observers)),
        "heads": [one.typed for one in FIGURES],
        "charts": list(_charts(rows, observers)),
        "cases": [
            {"title": one.name, "url": f"{start}?case={one.name}", "current": one == case} for one in cases
        ],
    }
    return render(request, "audits/planned.html", context)


def rows_of(study: AuditStudy) -> list[PlannedDvh]:
    """All that counts, by case, structure and observer, in one query."""
    related = ("row__observer__centre", "row__case", "structure_type")
    rows = PlannedDvh.objects.filter(row__study=study, row__case__isnull=False, row__superseded_by=None)
    order = ("row__case", "structure_type__name", "structure_type", "row__observer__code")
    return list(rows.select_related(*related).order_by(*order))


def _constraint(asked: Constraint, rows: Sequence[PlannedDvh], observers: Sequence[Observer]) -> Line:
    mine = {one.row.observer_id: one for one in rows if one.structure_type_id == asked.structure_type_id}
    cells = [_verdict(asked, mine.get(one.pk)) for one in observers]
    name = asked.structure_type.name
    said = asked.text.removeprefix(name).strip()
    return Line(name, f"{said} ({asked.arm})" if asked.arm else said, cells)


def _verdict(asked: Constraint, row: PlannedDvh | None) -> Cell:
    if row is None or row.reason:
        why = str(row.get_reason_display()) if row else _("no dose returned")
        return Cell(icon=ICONS["cannot"], word=str(Verdict.State("cannot").label), why=why)
    values = evaluated(parse_list(asked.metric), numbers_of(row), row.prescription_gy, row.fractions)
    found = judge(Asked(asked.operator, asked.limit, asked.tolerated), values)
    word = str(Verdict.State(found.state).label)
    return Cell(found.value, ICONS[found.state], word, reason_in_words(found.reason))


def _figures(rows: Sequence[PlannedDvh], observers: Sequence[Observer]) -> Iterator[dict[str, Any]]:
    """Each structure: a line for each observer whose dose is there, with all figures."""
    codes = {one.pk: one.code for one in observers}
    for name, held in groupby(rows, key=lambda one: one.structure_type.name):
        lines = []
        for one in held:
            told = [] if one.reason else [value.value for value in _evaluated(one)]
            lines.append((codes.get(one.row.observer_id or 0, ""), one, told))
        yield {"name": name, "lines": lines}


def _evaluated(row: PlannedDvh) -> Any:
    return evaluated(FIGURES, numbers_of(row), row.prescription_gy, row.fractions)


def _charts(rows: Sequence[PlannedDvh], observers: Sequence[Observer]) -> Iterator[Chart]:
    places = {one.pk: place for place, one in enumerate(observers)}
    top = max((one.max_gy or 0.0 for one in rows), default=0.0)
    for name, held in groupby(rows, key=lambda one: one.structure_type.name):
        drawn = [one for one in held if not one.reason and one.row.observer is not None]
        if drawn:
            yield chart_of(name, drawn, places, top)


def _heads(asked: Sequence[Constraint]) -> list[str]:
    heads = [_("Case"), _("Structure"), _("Centre"), _("Observer"), _("Drawn by the observer"), _("Why not")]
    heads += [f"{one.typed} ({one.unit})" for one in FIGURES]
    return [*heads, *(one.text for one in asked)]


def _sheet(study: AuditStudy, asked: Sequence[Constraint]) -> Iterator[Sequence[Any]]:
    for one in rows_of(study):
        assert one.row.case is not None
        if one.row.observer is None:
            continue
        cells: list[Any] = [one.row.case.name, one.structure_type.name, one.row.observer.centre.code]
        cells += [one.row.observer.code, int(one.own), one.get_reason_display() if one.reason else ""]
        cells += [""] * len(FIGURES) if one.reason else [value.value for value in _evaluated(one)]
        for constraint in asked:
            is_its = constraint.structure_type_id == one.structure_type_id
            cells.append(_verdict(constraint, one).word if is_its else "")
        yield cells
