"""Choosing cases and observers of a study, before and after it opened (R103, R106, R110)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.access.scopes import Scope
from planbank.audits import acting
from planbank.audits.models import AuditStudy
from planbank.catalogue.models import PlanSet
from planbank.errors import ProtocolError
from planbank.reach.rows import Reader
from planbank.web.acting import act_of, user_of
from planbank.web.pages import page
from planbank.web.pages.audits.forms import ObserversForm
from planbank.web.pages.plans import words
from planbank.web.reach import unveil_labels

SIZE = 50


@page(
    "protocols/<int:protocol>/audits/<int:pk>/cases/",
    name="audit-cases",
    action="audit.create",
    scope="protocol",
)
def cases(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Choose plan sets of the protocol as cases."""
    study, act = study_of(protocol, pk), act_of(request)
    reach = Reader(user_of(request), act.at, Scope("protocol", protocol)).rows(PlanSet, "data.list")
    if request.method == "POST":
        wanted = [int(one) for one in request.POST.getlist("plan") if one.isdigit() and len(one) < 18]
        ids = list(reach.filter(pk__in=wanted).order_by().values_list("pk", flat=True))
        if not ids:
            messages.error(request, _("Nothing was chosen."))
            return redirect("audit-cases", protocol, pk)
        try:
            count = acting.add_cases(act, study, list(PlanSet.objects.filter(pk__in=ids).order_by("pk")))
        except ProtocolError as exc:
            messages.error(request, str(exc))
            return redirect("audit-cases", protocol, pk)
        said = ngettext("%(n)s case is taken.", "%(n)s cases are taken.", count) % {"n": count}
        messages.success(request, said)
        return redirect("audit-observers" if not study.observers.exists() else "audit", protocol, pk)
    rows = reach.select_related("patient_file__institution").order_by("-last_received_at", "-pk")
    found = Paginator(rows, SIZE).get_page(request.GET.get("page"))
    unveil_labels(found.object_list)
    taken = set(study.cases.values_list("patient_file", "plan_set_uid"))
    shown = PlanSet.objects.filter(pk__in=[one.pk for one in found.object_list])
    uids = dict(shown.values_list("pk", "sop_instance_uid"))  # the rows themselves may be veiled
    lines = [
        (one, words.label(one), (one.patient_file_id, uids[one.pk]) in taken) for one in found.object_list
    ]
    context = {"study": study, "protocol": study.protocol, "found": found, "lines": lines, "now": act.at}
    return render(request, "audits/cases.html", context)


@page(
    "protocols/<int:protocol>/audits/<int:pk>/observers/",
    name="audit-observers",
    action="audit.create",
    scope="protocol",
)
def observers(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Add the observers of a centre."""
    study = study_of(protocol, pk)
    form = ObserversForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given: dict[str, Any] = form.cleaned_data
        try:
            count = acting.add_observers(
                act_of(request), study, given["centre"], given["observers"], given["destination"]
            )
        except ProtocolError as exc:
            form.add_error(None, str(exc))
        else:
            said = ngettext("%(n)s observer is added.", "%(n)s observers are added.", count) % {"n": count}
            messages.success(request, said)
            return redirect("audit", protocol, pk)
    context = {"study": study, "protocol": study.protocol, "form": form}
    return render(request, "audits/observers.html", context)


def study_of(protocol: int, pk: int) -> AuditStudy:
    """The study, where it is of that protocol; 404 else."""
    return get_object_or_404(AuditStudy.objects.select_related("protocol"), pk=pk, protocol=protocol)
