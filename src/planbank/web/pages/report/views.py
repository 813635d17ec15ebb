"""The report of a plan, to be printed.

Comes in: a plan set's number. Goes out: a page of its prescription, ROIs, curves, three planes and findings
under the names that the level allows, and the pictures of the planes. Each report is journalled once (R116).
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from planbank.catalogue.models import PlanSet, Scene
from planbank.errors import ObjectMissing
from planbank.services.scene import ask
from planbank.web.lists.words import person
from planbank.web.pages import house_of, page
from planbank.web.pages.plan.sheet import Asked, Sheet, context_of
from planbank.web.pages.plans import words
from planbank.web.pages.report.curves import plot_of
from planbank.web.pages.report.planes import Drawn, Stage, drawn_of, stage_of
from planbank.web.pages.scene.bundles import Opened
from planbank.web.reach import note, one_of, through, unveil_labels


@page("plans/<int:pk>/report/", name="plan-report", action="data.view")
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything a reviewer signs off on, on two sheets of paper."""
    plan_set = one_of(request, PlanSet, pk, "patient_file__institution")
    unveil_labels([plan_set])
    code = plan_set.patient_file.institution.code
    what = {"object_kind": "plan set", "object_id": pk, "institution": code, "protocol": through(plan_set)}
    note(request, "make report", **what)
    now = house_of(request).clock.now()
    sheet = Sheet(plan_set, Asked(show="all"))
    shown = context_of(sheet, now)
    stage = _stage(request, plan_set)
    planes = _planes(sheet, stage)
    if not planes:
        ask(plan_set, now)
    context = {
        **shown,
        "now": now,
        "label": words.label(plan_set),
        "is_plan": words.is_plan(plan_set),
        "patient": person(plan_set.patient_file.name),
        "day": words.long_day(plan_set.plan_date),
        "approval": words.approval(plan_set.approval),
        "planes": planes,
        "through": _through_what(stage),
        "plot": plot_of(sheet.table.drawn, sheet.table.to_gy) if sheet.ready else None,
        "colours": {roi.pk: roi.colour for roi in sheet.rois},
    }
    return render(request, "report/page.html", context)


@page("plans/<int:pk>/report/<int:plane>.png", name="plan-report-plane", action="data.view")
def plane_png(request: HttpRequest, pk: int, plane: int) -> HttpResponse:
    """The pixels of one plane; what is drawn over them is part of the page."""
    plan_set = one_of(request, PlanSet, pk)
    stage = _stage(request, plan_set)
    if stage is None or not 1 <= plane <= len(stage.planes):
        raise Http404
    try:
        return HttpResponse(stage.picture(plane - 1), content_type="image/png")
    except ObjectMissing as exc:
        raise Http404 from exc


def _stage(request: HttpRequest, plan_set: PlanSet) -> Stage | None:
    row = Scene.objects.filter(plan_set=plan_set).exclude(digest="").first()
    opened = Opened.of(house_of(request), row) if row else None
    return stage_of(opened) if opened else None


def _planes(sheet: Sheet, stage: Stage | None) -> list[Drawn]:
    if stage is None:
        return []
    of = {part.says.pk: part.says.version_id for part in sheet.parts.structure_sets if part.says}
    names = {(of[roi.structure_set_id], roi.number): roi.name for roi in sheet.rois}
    try:
        return drawn_of(stage, names, sheet.plan_set.prescription_gy)
    except ObjectMissing:
        return []


def _through_what(stage: Stage | None) -> str:
    if stage is None:
        return ""
    return _("Through the isocentre") if stage.is_isocentre else _("Through the middle of the dose")
