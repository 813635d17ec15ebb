"""The constraints of a protocol and how plans keep them (R137, R151, R203).

Comes in: a protocol, filters. Goes out: what is asked, centre by constraint, plan by plan; CSV.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from planbank.naming.queries.desk import Desk
from planbank.protocols.actions.constraining import in_force
from planbank.protocols.constraints.table import HEADS
from planbank.protocols.models import Constraint, Verdict
from planbank.reach import unveil_labels
from planbank.statistics.reviews import overall_of
from planbank.statistics.verdicts import board_of, judged_plans, verdicts_of
from planbank.web.acting import act_of
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import page
from planbank.web.pages.constraints.cells import cell_of, in_short, in_words
from planbank.web.pages.constraints.changing import form_of
from planbank.web.pages.constraints.desk import PATH, can, context_of, desk_of, only_summary, protocol_of

SIZE = 50


@page(PATH, name="constraints", action="data.statistics", scope="protocol")
def constraints(request: HttpRequest, protocol: int) -> HttpResponse:
    """What is asked, and how it is kept."""
    desk = desk_of(request, protocol)
    asked = _asked(desk)
    if wants_csv(request):
        act_of(request).journal("take out list", protocol=desk.owner.short_name, rows=len(asked))
        return as_csv(f"constraints-{desk.owner.short_name}", HEADS, ((one.text, one.arm) for one in asked))
    context: dict[str, Any] = {"asked": asked, "board": board_of(desk, asked, only_summary(desk))}
    if can(request, desk, "dictionary.edit"):
        context |= {"form": form_of(request, desk), "arms": _arms(desk), "has_types": bool(desk.types)}
    if can(request, desk, "data.list"):
        context |= _plans(request, desk_of(request, protocol, "data.list"), asked)
        context["may_take_out"] = can(request, desk, "export.csv")
    return render(request, "constraints/page.html", context_of(request, desk, **context))


@page(PATH + "verdicts.csv", name="constraints-csv", action="export.csv", scope="protocol")
def verdicts(request: HttpRequest, protocol: int) -> HttpResponse:
    """Every verdict that this person may take out: a line a plan and constraint, read while it runs."""
    desk = desk_of(request, protocol, "export.csv")
    asked = _asked(desk)
    act_of(request).journal("take out list", protocol=desk.owner.short_name, rows=len(desk.rows))
    heads = ["patient", "trial_id", "institution", "plan_set", "plan", "constraint", "arm", "verdict"]
    heads += ["value", "unit", "reason", "algorithm", "dictionary_edition", "judged_at"]
    heads += ["plan_verdict", "overruled_by", "overruled_because"]
    return as_csv(f"verdicts-{desk.owner.short_name}", heads, _lines(desk, asked))


def _lines(desk: Desk, asked: list[Constraint]) -> Iterator[list[Any]]:
    paged = Paginator(judged_plans(desk, asked), 500)
    for number in paged.page_range:
        rows = list(paged.page(number))
        unveil_labels(rows)
        found = verdicts_of(rows, asked)
        overall = overall_of(protocol_of(desk), rows, found)
        for row in rows:
            said = in_short(overall[row.pk])
            who = [
                row.patient_file.sent_id,
                getattr(row, "trial_id", "") or "",
                row.patient_file.institution.code,
            ]
            for one in asked:
                if (told := found[row.pk].get(one.pk)) is not None:
                    what = [one.text, one.arm, told.state, told.value, one.unit, told.reason]
                    versions = [told.algorithm, told.edition, told.judged_at]
                    yield [*who, row.pk, row.label, *what, *versions, *said]


def _plans(request: HttpRequest, desk: Desk, asked: list[Constraint]) -> dict[str, Any]:
    """A page of plans with a verdict each, narrowed by `state` and `constraint`."""
    state = request.GET.get("state", "")
    state = state if state in Verdict.State.values else ""
    typed = request.GET.get("constraint", "")
    only = next((one for one in asked if str(one.pk) == typed), None)
    found = judged_plans(desk, asked, state, only.pk if only else None)
    paged = Paginator(found, SIZE).get_page(request.GET.get("page"))
    rows = list(paged)
    unveil_labels(rows)
    held = verdicts_of(rows, asked)
    overall = overall_of(protocol_of(desk), rows, held)
    shown = [only] if only else asked
    lines = [
        (row, in_words(overall[row.pk]), [cell_of(one, held[row.pk].get(one.pk)) for one in shown])
        for row in rows
    ]
    return {
        "lines": lines,
        "paged": paged,
        "shown": shown,
        "state": state,
        "only": only,
        "states": Verdict.State.choices,
        "filtered": bool(state or only),
    }


def _asked(desk: Desk) -> list[Constraint]:
    return in_force(protocol_of(desk))


def _arms(desk: Desk) -> list[str]:
    rows = protocol_of(desk).participants.exclude(arm="").order_by("arm")
    return list(rows.values_list("arm", flat=True).distinct())
