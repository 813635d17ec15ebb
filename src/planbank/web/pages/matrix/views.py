"""The matrix 'Structures used in statistics' (R62 to R66; Figure 5 of the paper).

Comes in: a protocol, a centre, which rows. Goes out: one page of rows, counts per column over all of
them, the panel of one cell, a CSV of all rows; and choices for one plan.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from planbank.access.scopes import Scope
from planbank.catalogue.models import Instance, PlanSet, Roi
from planbank.errors import PlanbankError
from planbank.naming.actions.choosing import Place, choose, let_rules_decide
from planbank.naming.cells import Named
from planbank.naming.matrix import Matrix, MatrixRow
from planbank.naming.models import Choice
from planbank.naming.queries.desk import Desk
from planbank.naming.queries.sheets import Row
from planbank.people.models import Institution
from planbank.web.acting import act_of
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import page_in
from planbank.web.pages.dictionary.desk import context_of, desk_of
from planbank.web.pages.dictionary.rules import done
from planbank.web.pages.matrix.panel import panel_of
from planbank.web.parts.addresses import there
from planbank.web.reach import my_institutions, unveil_labels

PATH = "matrix/"
PER_PAGE = 50


@page_in(PATH, name="matrix", action="data.list")
def matrix(request: HttpRequest, where: Scope) -> HttpResponse:
    """One page of the matrix, or all of it as CSV."""
    everything = desk_of(request, where)
    centres = _centres(everything)
    chosen = _chosen(request, centres)
    desk = desk_of(request, where, chosen) if chosen else everything
    rows = _sorted(request, desk.matrix, _shown(request, desk.matrix))
    if wants_csv(request):
        return _csv(request, desk, rows)
    part = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    opened = _opened(request, desk)
    plan_sets = _plan_sets(desk, [one.row.plan_set for one in part])
    lines = [
        (n, plan_sets[one.row.plan_set], _cells(one, desk, plan_sets[one.row.plan_set], opened))
        for n, one in enumerate(part, part.start_index())
        if one.row.plan_set in plan_sets
    ]
    sort = request.GET.get("sort", "")
    columns = [
        (row, desk.matrix.found[row.pk], f"-t{row.pk}" if sort == f"t{row.pk}" else f"t{row.pk}")
        for row in desk.types
    ]
    context = {
        "page": part,
        "lines": lines,
        "columns": columns,
        "centres": centres,
        "chosen": chosen,
        "options": _segment(request, desk.matrix),
        "plans": len(desk.rows),
        "panel": panel_of(desk, *opened) if opened else None,
    }
    return render(request, "matrix/page.html", context_of(request, desk, "matrix", **context))


@page_in(PATH + "choose/", name="matrix-choose", action="dictionary.edit")
def choice(request: HttpRequest, where: Scope) -> HttpResponse:
    """Use a ROI, leave it out, take all together, or let the rules decide again."""
    desk = desk_of(request, where)
    if request.method != "POST":
        return redirect(there(where, "matrix"))
    row = next((one for one in desk.rows if str(one.plan_set) == request.POST.get("plan_set")), None)
    type_ = next((one for one in desk.columns if str(one.pk) == request.POST.get("type")), None)
    if row is None or type_ is None:
        raise Http404
    verdict = request.POST.get("verdict", "")
    every = (*row.rois, *row.left_out)
    roi = next((one for one in every if str(one.about) == request.POST.get("roi")), None)
    act = act_of(request)
    try:
        for uid in _structure_sets(row, roi):
            place = Place(PlanSet.objects.get(pk=row.plan_set).patient_file, uid, type_)
            if verdict == "rules":
                edition = let_rules_decide(act, desk.dictionary, place)
            elif verdict in Choice.Verdict.values and (roi or verdict == Choice.Verdict.UNION):
                named = (roi.number, roi.name) if roi and verdict != Choice.Verdict.UNION else (None, "")
                edition = choose(act, desk.dictionary, place, Choice.Verdict(verdict), *named)
            else:
                raise Http404
    except PlanbankError as exc:
        messages.warning(request, str(exc))
    else:
        done(request, desk, edition, _("Saved for this plan only."))
    back = there(where, "matrix")
    return redirect(f"{back}?institution={row.institution}&cell={row.plan_set}-{type_.pk}")


def _structure_sets(row: Row, roi: Named | None) -> list[str]:
    """The structure set of a ROI; all of the plan set where it is about all that match."""
    if roi is None or len(row.structure_sets) == 1:
        return list(row.structure_sets)
    version = Roi.objects.get(pk=roi.about).structure_set.version_id
    held = Instance.objects.filter(sop_instance_uid__in=row.structure_sets, current_version=version)
    return list(held.values_list("sop_instance_uid", flat=True).distinct())[:1]


def _centres(desk: Desk) -> list[dict[str, Any]]:
    """Who sent how many plans of how many patients: what the selector says."""
    rows = desk.plan_sets.order_by().values_list("patient_file__institution")
    counts = rows.annotate(plans=Count("pk"), patients=Count("patient_file__patient", distinct=True))
    codes = dict(Institution.objects.values_list("pk", "code"))
    found = [{"pk": pk, "code": codes[pk], "plans": n, "patients": m} for pk, n, m in counts]
    return sorted(found, key=lambda one: str(one["code"]))


def _chosen(request: HttpRequest, centres: list[dict[str, Any]]) -> int | None:
    """The centre whose rows are shown: as asked, else one's own, else all."""
    asked = request.GET.get("institution")
    known = {str(one["pk"]): one["pk"] for one in centres}
    if asked is not None:
        return known.get(asked)
    own = [row.pk for row in my_institutions(request)]
    return next((one["pk"] for one in centres if one["pk"] in own), None)


def _shown(request: HttpRequest, found: Matrix) -> list[MatrixRow]:
    test = {"gaps": found.has_gap, "doubles": found.has_double, "forbidden": found.has_forbidden}
    wanted = test.get(request.GET.get("show", ""))
    return [row for row in found.rows if wanted is None or wanted(row)]


def _sorted(request: HttpRequest, found: Matrix, rows: list[MatrixRow]) -> list[MatrixRow]:
    """Newest first; or by how often a type was found."""
    sort = request.GET.get("sort", "")
    key = sort.removeprefix("-").removeprefix("t")
    types = {str(type_): type_ for type_ in found.found}
    if key not in types:
        return rows
    return sorted(rows, key=lambda row: row.count(types[key]), reverse=sort.startswith("-"))


def _segment(request: HttpRequest, found: Matrix) -> list[dict[str, Any]]:
    show = request.GET.get("show", "")
    kinds = [
        ("", _("All rows"), None),
        ("gaps", _("With gaps"), found.has_gap),
        ("doubles", _("With doubles"), found.has_double),
    ]
    if found.forbidden:
        kinds.append(("forbidden", _("With what must not be"), found.has_forbidden))
    options = []
    for name, title, test in kinds:
        query = request.GET.copy()
        for gone in ("page", "cell", "show"):
            query.pop(gone, None)
        if name:
            query["show"] = name
        count = sum(map(test, found.rows)) if test else None
        words = title if count is None else f"{title} {count}"
        options.append({"title": words, "url": f"?{query.urlencode()}", "current": show == name})
    return options


def _plan_sets(desk: Desk, pks: list[int]) -> dict[int, PlanSet]:
    related = ("patient_file__institution", "patient_file__patient")
    rows = list(desk.plan_sets.filter(pk__in=pks).select_related(*related))
    unveil_labels(rows)
    return {row.pk: row for row in rows}


def _cells(
    one: MatrixRow, desk: Desk, plan_set: PlanSet, opened: tuple[MatrixRow, int] | None
) -> list[tuple[str, int, str, bool]]:
    """For each column: row and column in words, how often it was found, its address, whether it is open."""
    shown = opened[1] if opened and opened[0].row.plan_set == plan_set.pk else None
    who = plan_set.patient_file.sent_id
    return [(f"{who}, {t.name}", one.count(t.pk), f"{plan_set.pk}-{t.pk}", t.pk == shown) for t in desk.types]


def _opened(request: HttpRequest, desk: Desk) -> tuple[MatrixRow, int] | None:
    plan, _dash, type_ = request.GET.get("cell", "").partition("-")
    row = next((one for one in desk.matrix.rows if str(one.row.plan_set) == plan), None)
    known = next((one.pk for one in desk.types if str(one.pk) == type_), None)
    return None if row is None or known is None else (row, known)


def _csv(request: HttpRequest, desk: Desk, rows: list[MatrixRow]) -> HttpResponse:
    """All rows: 0, 1 or how many, as the cells show it."""
    heads = [_("Patient"), _("Trial ID"), _("Plan"), _("Submitting institution")]
    plan_sets = _plan_sets(desk, [one.row.plan_set for one in rows])
    lines = [
        (
            plan_set.patient_file.sent_id,
            getattr(plan_set, "trial_id", "") or "",
            plan_set.label,
            plan_set.patient_file.institution.code,
            *(one.count(type_.pk) for type_ in desk.types),
        )
        for one in rows
        if (plan_set := plan_sets.get(one.row.plan_set)) is not None
    ]
    owner = desk.owner
    act_of(request).journal("take out list", **owner.named, rows=len(lines))
    return as_csv(
        f"matrix-{owner.short_name}-{desk.dictionary.edition}", heads + [t.name for t in desk.types], lines
    )
