"""The attributes that a protocol asks of its participants (R145)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from planbank.errors import ProtocolError
from planbank.protocols.actions.attribute_types import (
    AttributeWish,
    remove_attribute_type,
    save_attribute_type,
)
from planbank.protocols.models import AttributeType, Protocol
from planbank.web.acting import act_of
from planbank.web.pages import page
from planbank.web.pages.participants.forms import AttributeForm


@page("protocols/<int:protocol>/attributes/", name="attributes", action="protocol.edit", scope="protocol")
def attributes(request: HttpRequest, protocol: int) -> HttpResponse:
    """What the protocol asks of its participants beside the usual."""
    here = get_object_or_404(Protocol, pk=protocol)
    return render(
        request, "participants/attributes.html", {"protocol": here, "rows": here.attribute_types.all()}
    )


@page(
    "protocols/<int:protocol>/attributes/new/", name="attribute-new", action="protocol.edit", scope="protocol"
)
def new(request: HttpRequest, protocol: int) -> HttpResponse:
    """Ask for a further attribute."""
    return _edit(request, get_object_or_404(Protocol, pk=protocol), None)


@page(
    "protocols/<int:protocol>/attributes/<int:pk>/",
    name="attribute",
    action="protocol.edit",
    scope="protocol",
)
def edit(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Change an attribute."""
    here = get_object_or_404(Protocol, pk=protocol)
    return _edit(request, here, get_object_or_404(here.attribute_types, pk=pk))


@page(
    "protocols/<int:protocol>/attributes/<int:pk>/remove/",
    name="attribute-remove",
    action="protocol.edit",
    scope="protocol",
)
def remove(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Take an attribute out again that nobody has a value of."""
    here = get_object_or_404(Protocol, pk=protocol)
    row = get_object_or_404(here.attribute_types, pk=pk)
    try:
        remove_attribute_type(act_of(request), row)
    except ProtocolError as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, _("Removed."))
    return redirect("attributes", here.pk)


def _edit(request: HttpRequest, here: Protocol, row: AttributeType | None) -> HttpResponse:
    before = {}
    if row is not None:
        before = {name: getattr(row, name) for name in ("name", "kind", "required", "order")}
        before["choices"] = "\n".join(row.choices)
    form = AttributeForm(request.POST or None, initial=before)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data | {"choices": tuple(form.cleaned_data["choices"].splitlines())}
        try:
            save_attribute_type(act_of(request), here, AttributeWish(**typed), row)
        except ProtocolError as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, _("Saved."))
            return redirect("attributes", here.pk)
    return render(request, "participants/attribute.html", {"protocol": here, "form": form, "row": row})
