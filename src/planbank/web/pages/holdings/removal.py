"""Data out of a protocol, with a reason, and back (R41).

Comes in: a plan or a patient that stands there, and why it goes. Goes out: the memberships ended, in a
list from which they can be brought back; nothing is deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Count, Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.catalogue.models import PatientFile, PlanSet
from planbank.errors import ProtocolError
from planbank.protocols.actions.removing import MOVED, bring_back, remove_patient, remove_plan_set
from planbank.protocols.models import Enrolment, Membership, Protocol
from planbank.web.acting import act_of
from planbank.web.pages import house_of, page
from planbank.web.pages.holdings.desk import reader_in, removable
from planbank.web.pages.holdings.forms import RemovalForm
from planbank.web.reach import unveil_labels

SHOWN = 200


@dataclass(frozen=True)
class Removed:
    """One removal of one patient's data."""

    pseudonym: str
    file: int
    code: str
    at: datetime
    by: str
    reason: str
    members: int

    @property
    def number(self) -> str:
        """The moment as it stands in a form."""
        return self.at.isoformat()


@page(
    "protocols/<int:protocol>/plans/<int:pk>/remove/",
    name="protocol-plan-remove",
    action="data.remove",
    scope="protocol",
)
def plan(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Take a plan out, and what no other plan here needs."""
    here = get_object_or_404(Protocol, pk=protocol)
    row = reader_in(request, here).one(PlanSet, pk, "patient_file__institution", action="data.remove")
    unveil_labels([row])
    name = row.label or _("this plan")
    whole = PlanSet.objects.select_related("patient_file__institution").get(pk=row.pk)
    return _ask(
        request,
        here,
        name,
        "protocol-plans",
        lambda act, why: remove_plan_set(act, here, whole, why),
        [whole.patient_file_id],
    )


@page(
    "protocols/<int:protocol>/patients/<int:pk>/remove/",
    name="protocol-patient-remove",
    action="data.remove",
    scope="protocol",
)
def patient(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Take a patient out, from whatever centre the data came."""
    here = get_object_or_404(Protocol, pk=protocol)
    file = reader_in(request, here).one(PatientFile, pk, "institution", action="data.remove")
    enrolment = get_object_or_404(Enrolment, protocol=here, patient=file.patient_id)
    rows = Membership.objects.filter(
        protocol=here, patient_file__patient=file.patient_id, removed_at__isnull=True
    )
    files = set(rows.values_list("patient_file", flat=True))
    reach = removable(request, here)
    if reach is not None and rows.exclude(institution__in=reach).exists():
        messages.error(
            request,
            _("Data of this patient stand here from a centre that is out of your reach. Ask a key user."),
        )
        return redirect("protocol-patients", here.pk)
    name = enrolment.pseudonym or _("this patient")
    return _ask(
        request,
        here,
        name,
        "protocol-patients",
        lambda act, why: remove_patient(act, here, enrolment, why),
        files,
    )


@page("protocols/<int:protocol>/removed/", name="protocol-removed", action="data.remove", scope="protocol")
def removed(request: HttpRequest, protocol: int) -> HttpResponse:
    """What was taken out, by whom and why; each can be brought back."""
    here = get_object_or_404(Protocol, pk=protocol)
    reach = removable(request, here)
    rows = Membership.objects.filter(protocol=here, removed_at__isnull=False).exclude(removed_reason=MOVED)
    if reach is not None:
        rows = rows.filter(institution__in=reach)
    grouped = (
        rows.order_by()
        .values("patient_file", "patient_file__patient", "institution__code", "removed_at", "removed_reason")
        .annotate(n=Count("pk"), by=Max("removed_by__name"))
        .order_by("-removed_at", "patient_file")[:SHOWN]
    )
    found = list(grouped)
    names = dict(
        Enrolment.objects.filter(
            protocol=here, patient__in=[row["patient_file__patient"] for row in found]
        ).values_list("patient", "pseudonym")
    )
    lines = [
        Removed(
            pseudonym=names.get(row["patient_file__patient"], ""),
            file=row["patient_file"],
            code=row["institution__code"],
            at=row["removed_at"],
            by=row["by"] or "",
            reason=row["removed_reason"],
            members=row["n"],
        )
        for row in found
    ]
    context = {"protocol": here, "rows": lines, "shown": SHOWN, "now": house_of(request).clock.now()}
    return render(request, "holdings/removed.html", context)


@page("protocols/<int:protocol>/removed/back/", name="protocol-back", action="data.remove", scope="protocol")
def back(request: HttpRequest, protocol: int) -> HttpResponse:
    """Bring back what one removal took out."""
    here = get_object_or_404(Protocol, pk=protocol)
    wanted: Any = request.POST if "file" in request.POST else request.session.pop("removed-data", {})
    try:
        at = datetime.fromisoformat(wanted["at"])
        files = [int(pk) for pk in (wanted["files"] if "files" in wanted else [wanted["file"]])]
    except (KeyError, ValueError):
        messages.error(request, _("There is nothing to undo."))
        return redirect("protocol-removed", here.pk)
    reach = removable(request, here)
    rows = PatientFile.objects.filter(pk__in=files)
    if reach is not None and rows.exclude(institution__in=reach).exists():
        raise Http404
    try:
        n = bring_back(act_of(request), here, files, at)
    except ProtocolError as exc:
        messages.error(request, str(exc))
    else:
        said = ngettext("%(n)s object or series is back.", "%(n)s objects and series are back.", n)
        messages.success(request, said % {"n": n})
    return redirect("protocol-removed", here.pk)


def _ask(
    request: HttpRequest, here: Protocol, name: str, list_name: str, remove: Any, files: Any
) -> HttpResponse:
    form = RemovalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        act = act_of(request)
        try:
            n = remove(act, form.cleaned_data["reason"])
        except ProtocolError as exc:
            form.add_error(None, str(exc))
        else:
            request.session["removed-data"] = {"at": act.at.isoformat(), "files": sorted(files)}
            said = ngettext("%(n)s object or series is out.", "%(n)s objects and series are out.", n)
            undo = reverse("protocol-back", args=[here.pk])
            messages.success(request, said % {"n": n}, extra_tags=undo)
            return redirect(list_name, here.pk)
    context = {
        "protocol": here,
        "form": form,
        "name": name,
        "list_name": list_name,
        "list_url": reverse(list_name, args=[here.pk]),
    }
    return render(request, "holdings/remove.html", context)
