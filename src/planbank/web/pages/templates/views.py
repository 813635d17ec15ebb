"""Templates of protocols (R149): nothing personal goes along, and nothing a protocol has is replaced.

Comes in: a protocol, chosen parts. Goes out: a template, or what of one is new in the protocol.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.access.listing import protocols_seen
from planbank.errors import ChangedMeanwhile, ProtocolError
from planbank.people.models import User
from planbank.protocols.actions.templating import make_template, remove_template, use_template
from planbank.protocols.models import Protocol, Template
from planbank.protocols.templates import PARTS
from planbank.web.acting import act_of
from planbank.web.pages import house_of, page


class TemplateForm(forms.Form):
    """A template of this protocol."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    description = forms.CharField(label=gettext_lazy("Description"), required=False, max_length=300)
    parts = forms.MultipleChoiceField(
        label=gettext_lazy("What goes along"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data, initial={"parts": list(PARTS)})
        self.fields["parts"].choices = [(p.name, p.title) for p in PARTS.values()]  # type: ignore[attr-defined]


@page("protocols/<int:protocol>/templates/", name="templates", action="protocol.edit", scope="protocol")
def templates(request: HttpRequest, protocol: int) -> HttpResponse:
    """Use a template here, or make one of this protocol."""
    here = get_object_or_404(Protocol, pk=protocol)
    form = TemplateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            make_template(act_of(request), here, typed["name"], typed["parts"], typed["description"])
        except ProtocolError as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, _("The template is made."))
            return redirect("templates", here.pk)
    mine = set(_editable(request).values_list("pk", flat=True))
    rows = [
        (row, _said(row), row.made_from_id in mine) for row in Template.objects.select_related("made_from")
    ]
    return render(request, "templates/list.html", {"protocol": here, "rows": rows, "form": form})


@page(
    "protocols/<int:protocol>/templates/<int:pk>/use/",
    name="template-use",
    action="protocol.edit",
    scope="protocol",
)
def use(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Give this protocol what a template holds and it lacks."""
    here = get_object_or_404(Protocol, pk=protocol)
    row = get_object_or_404(Template, pk=pk)
    try:
        new = use_template(act_of(request), row, here)
    except (ProtocolError, ChangedMeanwhile) as exc:
        messages.error(request, str(exc))
    else:
        said = ", ".join(f"{PARTS[name].title}: {n}" for name, n in new.items() if n)
        messages.success(request, _("New: %(what)s.") % {"what": said} if said else _("Nothing was lacking."))
    return redirect("templates", here.pk)


@page(
    "protocols/<int:protocol>/templates/<int:pk>/remove/",
    name="template-remove",
    action="protocol.edit",
    scope="protocol",
)
def remove(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Throw a template away that was made from a protocol of mine; what was made with it stays."""
    here = get_object_or_404(Protocol, pk=protocol)
    row = get_object_or_404(Template.objects.filter(made_from__in=_editable(request)), pk=pk)
    remove_template(act_of(request), row)
    messages.success(request, _("Removed."))
    return redirect("templates", here.pk)


def _editable(request: HttpRequest) -> Any:
    assert isinstance(request.user, User)
    return protocols_seen(request.user, house_of(request).clock.now(), action="protocol.edit")


def _said(row: Template) -> str:
    known = [(PARTS[name].title, len(items)) for name, items in row.content.items() if name in PARTS]
    return ", ".join(f"{title}: {n}" for title, n in known if n)
