"""Withdrawals of one protocol: who left or may leave, what follows, undo; asking for an erasure (R41, R123).

Comes in: a protocol, a patient's enrolment. Goes out: pages without identities; acts through
planbank.erasure, which asks the policy.
"""

from __future__ import annotations

from math import ceil
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.catalogue.models import PatientFile
from planbank.erasure import asking, withdrawing
from planbank.erasure.extent import prospects
from planbank.erasure.models import Erasure
from planbank.erasure.queries import patients_of
from planbank.errors import ErasureError, ProtocolError
from planbank.protocols.actions.enrolling import DELETED_AFTER
from planbank.protocols.models import Enrolment, Membership, Protocol
from planbank.web.acting import act_of, user_of
from planbank.web.lists.listing import drops, without
from planbank.web.pages import house_of, page
from planbank.web.pages.protocols.tabs import tabs_of
from planbank.web.pages.withdrawals.forms import AskForm, PatientFilters, WithdrawForm
from planbank.web.reach import note

SIZE = 50
_HERE = "protocols/<int:protocol>/withdrawals/"


@page(_HERE, name="withdrawals", action="erase.view", scope="protocol")
def withdrawals(request: HttpRequest, protocol: int) -> HttpResponse:
    """The patients of a protocol and how they stand in it; those about to be deleted first."""
    here = get_object_or_404(Protocol, pk=protocol)
    filters = PatientFilters(request.GET)
    given = filters.given()
    now = house_of(request).clock.now()

    def found(wanted: dict[str, Any]) -> QuerySet[Enrolment]:
        return _narrowed(patients_of(user_of(request), here, now), wanted)

    rows = Paginator(found(given), SIZE).get_page(request.GET.get("page"))
    context = {
        "protocol": here,
        "filters": filters,
        "given": given,
        "found": rows,
        "rows": [(row, _days(row, now)) for row in rows],
        "all_url": without(request, *filters.fields),
        "now": now,
        "tabs": tabs_of(request, protocol, "withdrawals"),
    }
    if not rows.object_list and given:
        context["drops"] = drops(request, filters, found)
    note(request, "view", object_kind="withdrawals", protocol=here.short_name)
    return render(request, "withdrawals/list.html", context)


@page(_HERE + "<int:pk>/", name="withdrawal", action="erase.view", scope="protocol")
def withdrawal(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """One patient: what a withdrawal would do, did, or how long it can be undone; POST withdraws."""
    row = _one(request, protocol, pk)
    form = WithdrawForm(request.POST or None)
    act = act_of(request)
    if request.method == "POST" and form.is_valid():
        try:
            withdrawing.withdraw(act, row, form.cleaned_data["reason"])
        except ProtocolError as exc:
            messages.error(request, str(exc))
        else:
            undo = reverse("withdrawal-undo", args=[protocol, pk])
            said = _("Hidden from now on. It can be undone for 14 days.")
            messages.success(request, said, extra_tags=undo)
        return redirect("withdrawal", protocol, pk)
    note(request, "view", object_kind="enrolment", object_id=pk, protocol=row.protocol.short_name)
    row = _one(request, protocol, pk)
    files = prospects(row.protocol, row.patient_id)
    erasures = Erasure.objects.filter(protocol=protocol, file_number__in=[file.pk for file, _e, _o in files])
    context = {
        "protocol": row.protocol,
        "row": row,
        "files": files,
        "goes": sum(extent.objects for _f, extent, _o in files),
        "kept": sum(extent.kept for _f, extent, _o in files),
        "erasures": erasures.select_related("institution"),
        "form": form,
        "days": _days(row, act.at),
        "would_be": act.at + DELETED_AFTER,
        "now": act.at,
        "may_ask": _may_ask(request, row.protocol),
        "is_over": row.state == Enrolment.State.WITHDRAWN and _days(row, act.at) is None,
    }
    return render(request, "withdrawals/one.html", context)


@page(_HERE + "<int:pk>/undo/", name="withdrawal-undo", action="erase.ask", scope="protocol")
@require_POST
def undo(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Show a withdrawn or restricted patient again, within the 14 days."""
    row = _one(request, protocol, pk)
    reason = request.POST.get("reason", "").strip()[:200] or _("taken back")
    try:
        withdrawing.undo(act_of(request), row, reason)
    except ProtocolError as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, _("Taken back. The patient is shown in the protocol again."))
    return redirect("withdrawal", protocol, pk)


@page(_HERE + "<int:pk>/erase/<int:file>/", name="erasure-ask", action="erase.ask", scope="protocol")
def ask(request: HttpRequest, protocol: int, pk: int, file: int) -> HttpResponse:
    """Ask for one institution's data of the patient, or one plan of it, to be erased."""
    row = _one(request, protocol, pk)
    held = Membership.objects.filter(protocol=protocol, patient_file__patient=row.patient_id)
    files = PatientFile.objects.filter(pk__in=held.values("patient_file")).select_related("institution")
    here = get_object_or_404(files, pk=file)
    heads = held.filter(patient_file=here).exclude(sop_instance_uid="").values("sop_instance_uid")
    plans = list(here.plan_sets.filter(sop_instance_uid__in=heads).order_by("pk"))
    form = AskForm(request.POST or None, here, plans)
    if request.method == "POST" and form.is_valid():
        plan = next((one for one in plans if one.pk == form.cleaned_data["plan"]), None)
        try:
            made = asking.ask(act_of(request), row.protocol, here, form.cleaned_data["reason"], plan)
        except ErasureError as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, _("Asked. The data controller of the protocol decides next."))
            return redirect("erasure", made.pk)
    context = {"protocol": row.protocol, "row": row, "file": here, "form": form}
    return render(request, "withdrawals/ask.html", context)


def _one(request: HttpRequest, protocol: int, pk: int) -> Enrolment:
    """The enrolment, where this person may see it; else it is not there."""
    here = get_object_or_404(Protocol, pk=protocol)
    rows = patients_of(user_of(request), here, house_of(request).clock.now()).select_related("protocol")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _narrowed(rows: QuerySet[Enrolment], given: dict[str, Any]) -> QuerySet[Enrolment]:
    if "state" in given:
        rows = rows.filter(state=given["state"])
    if text := given.get("q"):
        rows = rows.filter(Q(pseudonym__icontains=text) | Q(trial_id__icontains=text))
    return rows


def _days(row: Enrolment, now: Any) -> int | None:
    """Whole days left to undo, the last one counted; None where none run."""
    if row.state != Enrolment.State.WITHDRAWN or row.delete_after is None or row.delete_after <= now:
        return None
    return ceil((row.delete_after - now).total_seconds() / 86400)


def _may_ask(request: HttpRequest, protocol: Protocol) -> bool:
    return bool(may(request.user, "erase.ask", house_of(request).clock.now(), Scope.of(protocol)))
