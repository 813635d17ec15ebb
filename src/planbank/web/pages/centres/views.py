"""The centres of a protocol (R37): who takes part, since when, what is expected of each.

Comes in: forms. Goes out: counts, no patient; changes through protocols/actions/centres.py.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.errors import ChangedMeanwhile, ProtocolError
from planbank.people.models import Institution
from planbank.protocols.actions import centres as verbs
from planbank.protocols.models import Participation, Protocol
from planbank.protocols.queries.progress import per_centre
from planbank.web.acting import act_of
from planbank.web.pages import house_of, page
from planbank.web.pages.participants.forms import WhyForm
from planbank.web.pages.protocols.tabs import tabs_of

_MEANWHILE = gettext_lazy(
    "Somebody changed this centre meanwhile. Nothing of yours is saved: look again first."
)


class CentreForm(forms.Form):
    """A centre that takes part."""

    institution = forms.ModelChoiceField(label=gettext_lazy("Centre"), queryset=Institution.objects.none())
    expected = forms.IntegerField(
        label=gettext_lazy("Patients expected"), required=False, min_value=0, max_value=1_000_000
    )
    contact = forms.CharField(
        label=gettext_lazy("Whom to ask there"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("A name, a function or an address."),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any, protocol: Protocol, row: Participation | None) -> None:
        before = {}
        if row is not None:
            before = {"expected": row.expected_accrual, "contact": row.contact, "seen": row.revision}
        super().__init__(data, initial=before)
        if row is not None:
            del self.fields["institution"]
            return
        there = Participation.objects.filter(protocol=protocol, until__isnull=True).values("institution")
        free = Institution.objects.filter(is_active=True).exclude(pk__in=there).order_by("code")
        self.fields["institution"].queryset = free  # type: ignore[attr-defined]


@page("protocols/<int:protocol>/centres/", name="centres", action="protocol.edit", scope="protocol")
def listed(request: HttpRequest, protocol: int) -> HttpResponse:
    """Who takes part, and who did."""
    here = get_object_or_404(Protocol, pk=protocol)
    now = house_of(request).clock.now()
    patients = {row.code: row.patients for row in per_centre(here, now)}
    rows = here.participations.select_related("institution").order_by("until", "institution__code", "since")
    context = {
        "protocol": here,
        "rows": [(row, patients.get(row.institution.code, 0)) for row in rows],
        "tabs": tabs_of(request, here.pk, "centres"),
        "now": now,
    }
    return render(request, "centres/list.html", context)


@page("protocols/<int:protocol>/centres/new/", name="centre-new", action="protocol.edit", scope="protocol")
def new(request: HttpRequest, protocol: int) -> HttpResponse:
    """Let a centre take part."""
    here = get_object_or_404(Protocol, pk=protocol)
    form = CentreForm(request.POST or None, here, None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            more = {"expected": typed["expected"], "contact": typed["contact"]}
            verbs.join_centre(act_of(request), here, typed["institution"], **more)
        except ProtocolError as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, _("%(code)s takes part now.") % {"code": typed["institution"].code})
            return redirect("centres", here.pk)
    return render(request, "centres/edit.html", {"protocol": here, "form": form, "row": None})


@page("protocols/<int:protocol>/centres/<int:pk>/", name="centre", action="protocol.edit", scope="protocol")
def edit(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Change what is expected of a centre and whom to ask there."""
    here = get_object_or_404(Protocol, pk=protocol)
    row = get_object_or_404(here.participations.select_related("institution", "protocol"), pk=pk)
    form = CentreForm(request.POST or None, here, row)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            more = {"expected": typed["expected"], "contact": typed["contact"]}
            verbs.change_centre(act_of(request), row, typed["seen"] or 0, **more)
        except ChangedMeanwhile:
            form.add_error(None, str(_MEANWHILE))
        else:
            messages.success(request, _("Saved."))
            return redirect("centres", here.pk)
    return render(request, "centres/edit.html", {"protocol": here, "form": form, "row": row})


@page(
    "protocols/<int:protocol>/centres/<int:pk>/end/",
    name="centre-end",
    action="protocol.edit",
    scope="protocol",
)
def end(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """End a centre's part, with a reason; a toast offers to undo it."""
    here = get_object_or_404(Protocol, pk=protocol)
    row = get_object_or_404(here.participations.select_related("institution", "protocol"), pk=pk)
    form = WhyForm(request.POST or None, initial={"seen": row.revision})
    if request.method == "POST" and form.is_valid():
        try:
            verbs.end_centre(
                act_of(request), row, form.cleaned_data["seen"] or 0, form.cleaned_data["reason"]
            )
        except ChangedMeanwhile:
            form.add_error(None, str(_MEANWHILE))
        except ProtocolError as exc:
            form.add_error(None, str(exc))
        else:
            undo = reverse("centre-back", args=[here.pk, row.pk])
            said = _("%(code)s takes part no more.") % {"code": row.institution.code}
            messages.success(request, said, extra_tags=undo)
            return redirect("centres", here.pk)
    return render(request, "centres/end.html", {"protocol": here, "form": form, "row": row})


@page(
    "protocols/<int:protocol>/centres/<int:pk>/back/",
    name="centre-back",
    action="protocol.edit",
    scope="protocol",
)
def back(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Undo an end."""
    here = get_object_or_404(Protocol, pk=protocol)
    row = get_object_or_404(here.participations.select_related("institution", "protocol"), pk=pk)
    try:
        verbs.resume_centre(act_of(request), row, row.revision)
    except (ProtocolError, ChangedMeanwhile) as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, _("%(code)s takes part now.") % {"code": row.institution.code})
    return redirect("centres", here.pk)
