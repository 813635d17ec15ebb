"""What observers drew, compared: heat map and table, sheets, feedback to one observer (R112).

Comes in: requests of who collects in a protocol. Goes out: pages and CSV. Observers have no account: the
feedback page is printed, or kept as PDF, by the organiser, and names nobody else.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.audits.models import AuditStudy, Case, Overlay, Return
from planbank.catalogue.models import PlanSet
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import house_of, page
from planbank.web.pages.audits import figures
from planbank.web.pages.audits.choosing import study_of
from planbank.web.reach import mine


@page(
    "protocols/<int:protocol>/audits/<int:pk>/compared/",
    name="audit-compared",
    action="audit.collect",
    scope="protocol",
)
def compared(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """One case at a time: every structure by observer, one figure chosen; and all figures over observers."""
    study = study_of(protocol, pk)
    rows = figures.rows_of(study)
    if wants_csv(request):
        slices = request.GET.get("what") == "slices"
        name = f"{study.name} slices" if slices else f"{study.name} compared"
        return as_csv(name, *(figures.slices_of(rows) if slices else figures.sheet_of(study, rows)))
    cases = list(study.cases.order_by("pk"))
    case = next((one for one in cases if one.name == request.GET.get("case")), cases[0] if cases else None)
    asked = request.GET.get("figure")
    shown = next((one for one in figures.MEASURES if one.name == asked), figures.MEASURES[0])
    observers = list(study.observers.order_by("centre__code", "code"))
    here = [one for one in rows if case is not None and one.row.case_id == case.pk]
    context = {
        "study": study,
        "protocol": study.protocol,
        "case": case,
        "shown": shown,
        "measures": figures.MEASURES,
        "observers": observers,
        "lines": figures.lines_of(here, observers, shown),
        "any": bool(rows),
        "bases": AuditStudy.Basis.choices,
        "can_send": bool(
            may(request.user, "audit.distribute", house_of(request).clock.now(), Scope("protocol", protocol))
        ),
        "viewer": _viewer(request, case) if case is not None else "",
        "cases": [_option(study, one.name, one, shown, here=one == case) for one in cases],
        "figures": [_option(study, str(one.title), case, one, here=one == shown) for one in figures.MEASURES],
    }
    return render(request, "audits/compared.html", context)


@page(
    "protocols/<int:protocol>/audits/<int:pk>/feedback/<int:observer>/",
    name="audit-feedback",
    action="audit.collect",
    scope="protocol",
)
def feedback(request: HttpRequest, protocol: int, pk: int, observer: int) -> HttpResponse:
    """One observer's own figures beside those of the others, of whom none is named. To be printed."""
    study = study_of(protocol, pk)
    whose = get_object_or_404(study.observers, pk=observer)
    context = {
        "study": study,
        "protocol": study.protocol,
        "observer": whose,
        "measures": figures.MEASURES,
        "lines": figures.feedback_of(figures.rows_of(study), whose),
        "fewest": figures.FEWEST_OTHERS,
        "drawn": study.returns.filter(observer=whose, kind=Return.Kind.STRUCTURES, state="filed").exists(),
    }
    return render(request, "audits/feedback.html", context)


def _viewer(request: HttpRequest, case: Case) -> str:
    """The viewer with what all drew, where there is something, for who may see the plan itself."""
    if not Overlay.objects.filter(case=case).exists():
        return ""
    plans = mine(request, PlanSet).filter(patient_file=case.patient_file_id)
    plan_set = plans.filter(sop_instance_uid=case.plan_set_uid).first()
    return f"{reverse('viewer', args=[plan_set.pk])}?audit={case.pk}" if plan_set else ""


def _option(
    study: AuditStudy, title: str, case: Case | None, measure: figures.Measure, *, here: bool
) -> dict[str, object]:
    """One link of a segment."""
    start = reverse("audit-compared", args=[study.protocol_id, study.pk])
    name = case.name if case is not None else ""
    return {"title": title, "url": f"{start}?case={name}&figure={measure.name}", "current": here}
