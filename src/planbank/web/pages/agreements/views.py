"""Agreements and contacts of a protocol: listed, added, changed, taken away (R37, R119).

Comes in: forms. Goes out: pages for its key users; changes through protocols/actions/agreeing.py, each
with what its editor saw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from planbank.errors import ChangedMeanwhile
from planbank.protocols.actions import agreeing
from planbank.protocols.actions.lifecycle import missing
from planbank.protocols.models import Agreement, Contact, Protocol
from planbank.web.acting import act_of
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import house_of, page
from planbank.web.pages.agreements.forms import AgreementForm, AwayForm, ContactForm
from planbank.web.pages.protocols.life import MEANWHILE
from planbank.web.pages.protocols.tabs import tabs_of


@page("protocols/<int:protocol>/agreements/", name="agreements", action="protocol.edit", scope="protocol")
def listed(request: HttpRequest, protocol: int) -> HttpResponse:
    """What the protocol rests on, what is missing, whom to ask."""
    here, now = get_object_or_404(Protocol, pk=protocol), house_of(request).clock.now()
    rows = here.agreements.select_related("institution")
    if wants_csv(request):
        lines = (_line(row, now.date()) for row in rows)
        return as_csv("-".join([_("agreements"), here.short_name]), _heads(), lines)
    context = {
        "protocol": here,
        "rows": [(row, standing(row, now.date())) for row in rows],
        "contacts": here.contacts.select_related("institution"),
        "controllers": here.controllers.all(),
        "missing": missing(here, now),
        "tabs": tabs_of(request, protocol, "agreements"),
    }
    return render(request, "agreements/list.html", context)


@page(
    "protocols/<int:protocol>/agreements/new/",
    name="agreement-new",
    action="protocol.edit",
    scope="protocol",
)
def new_agreement(request: HttpRequest, protocol: int) -> HttpResponse:
    """Add an agreement, signed or not yet."""
    here = get_object_or_404(Protocol, pk=protocol)
    form = AgreementForm(request.POST or None, instance=Agreement(protocol=here))

    def save() -> None:
        agreeing.add_agreement(act_of(request), here, **form.values())

    return _edit(request, here, form, save, None)


@page(
    "protocols/<int:protocol>/agreements/<int:pk>/",
    name="agreement",
    action="protocol.edit",
    scope="protocol",
)
def edit_agreement(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Change an agreement: signed, prolonged, filed elsewhere."""
    here = get_object_or_404(Protocol, pk=protocol)
    row = get_object_or_404(here.agreements.select_related("protocol"), pk=pk)
    form = AgreementForm(request.POST or None, instance=row, initial={"seen": row.revision})

    def save() -> None:
        agreeing.change_agreement(act_of(request), row, form.cleaned_data["seen"] or 0, **form.values())

    return _edit(request, here, form, save, row.pk)


@page(
    "protocols/<int:protocol>/agreements/<int:pk>/away/",
    name="agreement-away",
    action="protocol.edit",
    scope="protocol",
)
def agreement_away(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Ask, then take an agreement away that was entered by mistake."""
    here = get_object_or_404(Protocol, pk=protocol)
    row = get_object_or_404(here.agreements.select_related("protocol", "institution"), pk=pk)

    def away(seen: str) -> None:
        agreeing.take_agreement_away(act_of(request), row, int(seen) if seen.isdigit() else 0)

    return _away(request, here, row.title, str(row.revision), away)


@page("protocols/<int:protocol>/contacts/new/", name="contact-new", action="protocol.edit", scope="protocol")
def new_contact(request: HttpRequest, protocol: int) -> HttpResponse:
    """Name somebody to ask about the protocol."""
    here = get_object_or_404(Protocol, pk=protocol)
    form = ContactForm(request.POST or None, instance=Contact(protocol=here))

    def save() -> None:
        agreeing.save_contact(act_of(request), here, None, "", **form.values())

    return _edit(request, here, form, save, None)


@page("protocols/<int:protocol>/contacts/<int:pk>/", name="contact", action="protocol.edit", scope="protocol")
def edit_contact(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Change a contact."""
    here = get_object_or_404(Protocol, pk=protocol)
    row = get_object_or_404(here.contacts.select_related("protocol"), pk=pk)
    seen = agreeing.as_seen(row)
    form = ContactForm(request.POST or None, instance=row, initial={"seen": seen})

    def save() -> None:
        agreeing.save_contact(act_of(request), here, row, form.cleaned_data["seen"], **form.values())

    return _edit(request, here, form, save, row.pk)


@page(
    "protocols/<int:protocol>/contacts/<int:pk>/away/",
    name="contact-away",
    action="protocol.edit",
    scope="protocol",
)
def contact_away(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Ask, then take a contact away."""
    here = get_object_or_404(Protocol, pk=protocol)
    row = get_object_or_404(here.contacts.select_related("protocol"), pk=pk)

    def away(seen: str) -> None:
        agreeing.take_contact_away(act_of(request), row, seen)

    return _away(request, here, row.name, agreeing.as_seen(row), away)


def standing(row: Agreement, today: date) -> tuple[str, str]:
    """How an agreement stands: mark and words."""
    missing_mark = "warn" if row.required else "idle"
    if row.signed_on is None:
        return missing_mark, _("not signed")
    if row.signed_on > today:
        return missing_mark, _("not signed yet")
    if row.valid_until and row.valid_until < today:
        return missing_mark, _("ended")
    if row.valid_until and (row.valid_until - today).days <= 30:
        return "warn", _("ends soon")
    return "ok", _("signed")


def _edit(
    request: HttpRequest, here: Protocol, form: ModelForm, save: Callable[[], None], pk: int | None
) -> HttpResponse:
    """Show the form, or save it where it holds. Contacts and agreements share page and manners."""
    if request.method == "POST" and form.is_valid():
        try:
            save()
        except ChangedMeanwhile:
            form.add_error(None, str(MEANWHILE))
        except ValidationError as exc:
            form.add_error(None, exc)
        else:
            messages.success(request, _("Saved."))
            return redirect("agreements", here.pk)
    is_contact = isinstance(form, ContactForm)
    context = {"protocol": here, "form": form, "pk": pk, "is_contact": is_contact}
    return render(request, "agreements/edit.html", context)


def _away(
    request: HttpRequest, here: Protocol, name: str, seen: str, away: Callable[[str], None]
) -> HttpResponse:
    form = AwayForm(request.POST if request.method == "POST" else None, initial={"seen": seen})
    if request.method == "POST" and form.is_valid():
        try:
            away(form.cleaned_data["seen"])
        except ChangedMeanwhile:
            form.add_error(None, str(MEANWHILE))
        else:
            messages.success(request, _("%(name)s is taken away.") % {"name": name})
            return redirect("agreements", here.pk)
    context = {"protocol": here, "form": form, "name": name, "active": here.status == "active"}
    return render(request, "agreements/away.html", context)


def _heads() -> list[str]:
    return [
        *(_("Kind"), _("Title"), _("Centre"), _("Required"), _("Signed on"), _("Valid until")),
        *(_("Document"), _("State")),
    ]


def _line(row: Agreement, today: date) -> Iterable[Any]:
    code = row.institution.code if row.institution else ""
    needed = _("yes") if row.required else _("no")
    return (
        *(row.get_kind_display(), row.title, code, needed, row.signed_on, row.valid_until),
        *(row.document, standing(row, today)[1]),
    )
