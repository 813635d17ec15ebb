"""Data controllers: the list, one, a new one (R37, R121).

Comes in: forms. Goes out: pages for the system administrator, who makes protocols; which of them answer
for a protocol is said in its record.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.errors import ChangedMeanwhile
from planbank.protocols.actions.agreeing import save_controller
from planbank.protocols.models import DataController
from planbank.web.acting import act_of
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import page
from planbank.web.pages.protocols.life import MEANWHILE

_COUNTRY = RegexValidator(r"^[A-Z]{2}\Z", gettext_lazy("Two capital letters, such as DK."))


class ControllerForm(forms.ModelForm):
    """A data controller."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    country = forms.CharField(
        label=gettext_lazy("Country"), max_length=2, initial="DK", validators=[_COUNTRY]
    )

    class Meta:
        model = DataController
        fields = ("name", "country", "address", "contact")
        labels = {
            "name": gettext_lazy("Name"),
            "address": gettext_lazy("Address"),
            "contact": gettext_lazy("Whom to ask"),
        }
        widgets = {"address": forms.Textarea(attrs={"rows": 3})}


@page("controllers/", name="controllers", action="protocol.create")
def controllers(request: HttpRequest) -> HttpResponse:
    """The organisations that answer for data, and for how many protocols."""
    rows = DataController.objects.annotate(n=Count("protocols")).order_by("name")
    if wants_csv(request):
        heads = [_("Name"), _("Country"), _("Address"), _("Whom to ask"), _("Protocols")]
        lines = ((row.name, row.country, row.address, row.contact, row.n) for row in rows)
        return as_csv(_("data controllers"), heads, lines)
    return render(request, "controllers/list.html", {"rows": rows})


@page("controllers/new/", name="controller-new", action="protocol.create")
def new(request: HttpRequest) -> HttpResponse:
    """Add a data controller."""
    return _edit(request, None)


@page("controllers/<int:pk>/", name="controller", action="protocol.create")
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a data controller."""
    return _edit(request, get_object_or_404(DataController, pk=pk))


def _edit(request: HttpRequest, row: DataController | None) -> HttpResponse:
    before: dict[str, Any] = {"seen": row.revision} if row else {}
    form = ControllerForm(request.POST or None, instance=row, initial=before)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        values = {name: typed[name] for name in ("name", "country", "address", "contact")}
        try:
            save_controller(act_of(request), row, typed["seen"] or 0, **values)
        except ChangedMeanwhile:
            form.add_error(None, str(MEANWHILE))
        except ValidationError as exc:
            form.add_error(None, exc)
        else:
            messages.success(request, _("Saved."))
            return redirect("controllers")
    return render(request, "controllers/edit.html", {"form": form, "pk": row.pk if row else None})
