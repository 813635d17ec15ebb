"""One plan set: its page, the curves of its plot, the CSV of its DVH metrics.

Comes in: its number. Goes out: 404 where it is absent or hidden alike; each view is journalled once
(R116), and so is each CSV.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.catalogue.curves import METRICS, Points, plus_minus_of, points_of
from planbank.catalogue.models import PlanSet, Receipt
from planbank.protocols.models import Tag
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.lists.words import person
from planbank.web.pages import house_of, page
from planbank.web.pages.forwarding.rows import of_plan
from planbank.web.pages.plan.doses import type_of, unit_of
from planbank.web.pages.plan.rows import RoiRow
from planbank.web.pages.plan.sheet import Asked, Sheet, context_of
from planbank.web.pages.plans import words
from planbank.web.pages.slice.drawing import drawing_of
from planbank.web.reach import may_add, note, one_of, ours, reader_of, through, unveil_labels


@page("plans/<int:pk>/", name="plan", action="data.view")
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan set: what came, what it means, what is wrong with it."""
    plan_set = _one(request, pk)
    sheet = Sheet(plan_set, Asked.of(request.GET))
    code = plan_set.patient_file.institution.code
    what = {"object_kind": "plan set", "object_id": pk, "institution": code, "protocol": through(plan_set)}
    if wants_csv(request):
        note(request, "take out list", **what)
        return as_csv(f"dvh-{pk}", _heads(), list(_csv_rows(sheet)))
    note(request, "view", **what)
    now = house_of(request).clock.now()
    return render(
        request,
        "plan/page.html",
        {
            **context_of(sheet, now),
            "now": now,
            "forwardable": reader_of(request).rows(PlanSet, "export.raw").filter(pk=pk).exists(),
            "addable": may_add(request, plan_set.patient_file.institution_id),
            "label": words.label(plan_set),
            "is_plan": words.is_plan(plan_set),
            "patient": person(plan_set.patient_file.name),
            "tags": _tags(request, plan_set, now),
            "day": words.long_day(plan_set.plan_date),
            "approval": words.approval(plan_set.approval),
            "approval_state": words.approval_state(plan_set.approval),
            "receipt": ours(request, Receipt)
            .filter(
                patient_file=plan_set.patient_file_id,
                sop_instance_uid=plan_set.sop_instance_uid,
                institution=plan_set.patient_file.institution_id,
            )
            .first(),
            "forwards": of_plan(request, pk),
            "drawing": drawing_of(house_of(request), plan_set, {roi.name for roi in sheet.rois}),
        },
    )


@page("plans/<int:pk>/dvh.json", name="plan_dvh", action="data.view")
def plan_dvh(request: HttpRequest, pk: int) -> HttpResponse:
    """The curves that the plot draws: doses (Gy) and % of volume, ours and the planning system's."""
    sheet = Sheet(_one(request, pk), Asked.of(request.GET))
    if sheet.calculation is None or not sheet.ready:
        raise Http404
    to_gy = sheet.table.to_gy
    curves = {str(row.roi.number): curve for row in sheet.table.drawn if (curve := _curve(row, to_gy))}
    theirs = {str(row.row.roi.number): _drawn(row.points) for row in sheet.tps.rows} if sheet.tps else {}
    answer = {"unit": unit_of(sheet.calculation), "to": round(to_gy, 3), "curves": curves, "tps": theirs}
    return JsonResponse(answer)


def _tags(request: HttpRequest, plan_set: PlanSet, now: datetime) -> list[Tag]:
    """What triggers tagged it with, of protocols whose record this person may see."""
    rows = Tag.objects.filter(patient_file=plan_set.patient_file_id, subject_uid=plan_set.sop_instance_uid)
    return [
        row
        for row in rows.select_related("protocol")
        if may(request.user, "protocol.view", now, Scope("protocol", row.protocol_id))
    ]


def _one(request: HttpRequest, pk: int) -> PlanSet:
    found: PlanSet = one_of(request, PlanSet, pk, "patient_file__institution", "bundle")
    unveil_labels([found])
    return found


def _curve(row: RoiRow, to_gy: float) -> dict[str, Any] | None:
    points = points_of(row.dvh, to_gy) if row.dvh else None
    if row.dvh is None or points is None:
        return None
    return {"cc": round(row.dvh.volume_cc, 4), **_drawn(points)}


def _drawn(points: Points) -> dict[str, list[float]]:
    return {
        "gy": [round(float(gy), 3) for gy in points.doses],
        "pc": [round(float(pc), 3) for pc in points.percent],
    }


def _heads() -> list[str]:
    kinds = (_("%s at least"), _("%s at most"), _("%s plus or minus"))
    metrics = [head for name in METRICS for head in (name, *(kind % name for kind in kinds))]
    volume, mean, most = (kinds[2] % name for name in (_("Volume, cc"), _("Mean"), _("Max")))
    return [
        *(_("Patient ID"), _("Institution"), _("Plan"), _("SOP Instance UID of the plan set"), _("Dose")),
        *(_("Dose type"), _("Dose unit"), _("SOP Instance UIDs of the dose")),
        *(_("SOP Instance UID of the structure set"), _("ROI number"), _("ROI name"), _("ROI type")),
        *(_("Volume, cc"), volume, _("Outside the dose grid, cc")),
        *(_("Min"), _("Mean"), mean, _("Max"), most),
        *metrics,
        *(_("Flags"), _("Why there is no value"), _("Algorithm")),
    ]


def _csv_rows(sheet: Sheet) -> Iterator[list[Any]]:
    """Exactly the ROIs that the page shows, in its order."""
    file, calculation = sheet.plan_set.patient_file, sheet.calculation
    label = words.label(sheet.plan_set)
    plan_set = [file.sent_id, file.institution.code, label, sheet.plan_set.sop_instance_uid]
    dose = ["", "", "", "", ""]
    if calculation is not None:
        versions = calculation.chosen_dose.versions.all()
        dose = [
            next(option.title for option in sheet.options if option.chosen),
            type_of(calculation),
            unit_of(calculation),
            "" if sheet.veiled else " ".join(version.sop_instance_uid for version in versions),
            "" if sheet.veiled else calculation.structure_set.version.sop_instance_uid,
        ]
    for row in sheet.table.shown:
        yield [*plan_set, *dose, row.roi.number, row.roi.name, row.roi.type, *_numbers(row)]


def _numbers(row: RoiRow) -> list[Any]:
    dvh = row.dvh
    if dvh is None:
        return [*[""] * (8 + 4 * len(METRICS)), "", row.reason, ""]
    within = plus_minus_of(dvh)
    numbers = [
        *(dvh.volume_cc, within["Volume"], dvh.outside_cc),
        *(dvh.min_gy, dvh.mean_gy, within["Dmean"], dvh.max_gy, within["Dmax"]),
    ]
    for name in METRICS:
        found = row.metrics[name]
        numbers += [found.value, found.low, found.high, within[name]]
    return [
        *(words.cell(number) for number in numbers),
        *(" ".join(dvh.flags), row.reason, dvh.algorithm),
    ]
