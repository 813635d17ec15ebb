"""Protocols: the list, one protocol with its progress, its record and its life (R37, R43 to R45).

Comes in: filters, forms. Goes out: pages with counts only, no patient; changes through
protocols/actions/lifecycle.py, each with the revision its editor saw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.access.listing import centres_in_reach, protocols_seen
from planbank.access.policy import may
from planbank.access.queries.holders import key_users
from planbank.access.scopes import Scope
from planbank.errors import ChangedMeanwhile
from planbank.protocols.actions import lifecycle
from planbank.protocols.models import Protocol
from planbank.protocols.queries.progress import Centre, Size, per_centre, sizes
from planbank.protocols.queries.zero_touch import Touch
from planbank.web.acting import act_of, user_of
from planbank.web.lists.listing import drops, without
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.protocols.forms import ProtocolFilters, ProtocolForm
from planbank.web.pages.protocols.life import MEANWHILE, step
from planbank.web.pages.protocols.tabs import tabs_of

_SHOWN = Menu("research", gettext_lazy("Protocols"), "folder", 10)
_SIZE, _USUAL = 50, "name"
# The list is that of all protocols of a country: some hundred rows, sorted here by what is counted.
_SORTS: dict[str, Callable[[Protocol, Size], Any]] = {
    "name": lambda row, size: row.short_name.casefold(),
    "group": lambda row, size: (row.cancer_group.casefold(), row.short_name.casefold()),
    "centres": lambda row, size: (size.centres, row.short_name.casefold()),
    "patients": lambda row, size: (size.patients, row.short_name.casefold()),
    "target": lambda row, size: (row.target_accrual or 0, row.short_name.casefold()),
    "status": lambda row, size: (row.status, row.short_name.casefold()),
}


@page("protocols/", name="protocols", action="protocol.view", menu=_SHOWN)
def protocols(request: HttpRequest) -> HttpResponse:
    """The protocols whose record I may see, with their patients and centres."""
    now, user = house_of(request).clock.now(), user_of(request)
    filters = ProtocolFilters(request.GET)

    def found(given: dict[str, Any]) -> QuerySet[Protocol]:
        return _narrowed(protocols_seen(user, now), given)

    rows = list(found(filters.given()))
    size = sizes([row.pk for row in rows], now)
    if wants_csv(request):
        return as_csv(_("protocols"), _heads(), (_line(row, size[row.pk]) for row in rows))
    sort = request.GET.get("sort", _USUAL)
    sort = sort if sort.removeprefix("-") in _SORTS else _USUAL
    rows.sort(key=lambda row: _SORTS[sort.removeprefix("-")](row, size[row.pk]), reverse=sort.startswith("-"))
    paged = Paginator(rows, _SIZE).get_page(request.GET.get("page"))
    clinical = [row for row in rows if row.kind == Protocol.Kind.CLINICAL]
    context = {
        "filters": filters,
        "given": filters.given(),
        "found": paged,
        "sort": sort,
        "all_url": without(request, *filters.fields),
        "rows": [(row, size[row.pk]) for row in paged],
        "counted": len(clinical),
        "patients": sum(size[row.pk].patients for row in clinical),
        "may_create": may(user, "protocol.create", now),
    }
    if not rows and filters.given():
        context["drops"] = drops(request, filters, found)
    return render(request, "protocols/list.html", context)


@page("protocols/new/", name="protocol-new", action="protocol.create")
def new(request: HttpRequest) -> HttpResponse:
    """Make a protocol: a draft."""
    form = ProtocolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        act = act_of(request)
        with transaction.atomic():
            row = lifecycle.create(act, **form.values())
            lifecycle.set_controllers(act, row, row.revision, list(form.cleaned_data["controllers"]))
        messages.success(request, _("%(protocol)s is a draft now.") % {"protocol": row.short_name})
        return redirect("protocol", row.pk)
    return render(request, "protocols/edit.html", {"form": form, "protocol": None})


@page("protocols/<int:protocol>/", name="protocol", action="protocol.view", scope="protocol")
def one(request: HttpRequest, protocol: int) -> HttpResponse:
    """One protocol: progress per centre, agreements, whom to ask."""
    now, user, scope = house_of(request).clock.now(), user_of(request), Scope("protocol", protocol)
    row = get_object_or_404(Protocol, pk=protocol)
    can = {
        name.replace(".", "_"): bool(may(user, name, now, scope))
        for name in ("participant.view", "protocol.edit", "protocol.close", "trigger.edit")
    }
    centres: list[Centre] = []
    if can["participant_view"]:
        centres = per_centre(row, now, centres_in_reach(user, "participant.view", now, scope))
    if wants_csv(request):
        return as_csv(row.short_name, _centre_heads(), map(_centre_line, centres))
    context = {
        "protocol": row,
        "can": can,
        "size": sizes([row.pk], now)[row.pk],
        "centres": centres,
        "expected": sum(centre.expected for centre in centres),
        "received": sum(centre.received for centre in centres),
        "unexpected": sum(centre.unexpected for centre in centres),
        "touch": sum((centre.touch for centre in centres), Touch()),
        "chase": [c for c in centres if not c.ends and c.lacks],
        "missing": lifecycle.missing(row, now) if row.status != Protocol.Status.ACTIVE else [],
        "controllers": row.controllers.all(),
        "agreements": row.agreements.select_related("institution"),
        "contacts": row.contacts.select_related("institution"),
        "key_users": key_users(scope, now).order_by("name"),
        "today": now.date(),
        "tabs": tabs_of(request, protocol, "protocol"),
    }
    return render(request, "protocols/one.html", context)


@page("protocols/<int:protocol>/edit/", name="protocol-edit", action="protocol.edit", scope="protocol")
def edit(request: HttpRequest, protocol: int) -> HttpResponse:
    """Change a protocol's record."""
    row = get_object_or_404(Protocol, pk=protocol)
    before = {"seen": row.revision, "controllers": row.controllers.all()}
    form = ProtocolForm(request.POST or None, instance=row, initial=before)
    if request.method == "POST" and form.is_valid():
        act = act_of(request)
        try:
            with transaction.atomic():
                lifecycle.change(act, row, form.cleaned_data["seen"] or 0, **form.values())
                lifecycle.set_controllers(act, row, row.revision, list(form.cleaned_data["controllers"]))
        except ChangedMeanwhile:
            form.add_error(None, str(MEANWHILE))
        else:
            messages.success(request, _("Saved."))
            return redirect("protocol", row.pk)
    shown = get_object_or_404(Protocol, pk=protocol)
    return render(request, "protocols/edit.html", {"form": form, "protocol": shown})


@page(
    "protocols/<int:protocol>/activate/", name="protocol-activate", action="protocol.edit", scope="protocol"
)
def activate(request: HttpRequest, protocol: int) -> HttpResponse:
    """Open a draft for data."""
    return step(request, get_object_or_404(Protocol, pk=protocol), lifecycle, "activate")


@page("protocols/<int:protocol>/close/", name="protocol-close", action="protocol.close", scope="protocol")
def close(request: HttpRequest, protocol: int) -> HttpResponse:
    """Close a protocol, with a reason."""
    return step(request, get_object_or_404(Protocol, pk=protocol), lifecycle, "close")


@page("protocols/<int:protocol>/open/", name="protocol-open", action="protocol.close", scope="protocol")
def reopen(request: HttpRequest, protocol: int) -> HttpResponse:
    """Open a closed protocol again, with a reason."""
    return step(request, get_object_or_404(Protocol, pk=protocol), lifecycle, "reopen")


def _narrowed(rows: QuerySet[Protocol], given: dict[str, Any]) -> QuerySet[Protocol]:
    for name in ("kind", "status"):
        if name in given:
            rows = rows.filter(**{name: given[name]})
    if "group" in given:
        rows = rows.filter(cancer_group__iexact=given["group"])
    if text := given.get("q"):
        rows = rows.filter(Q(short_name__icontains=text) | Q(title__icontains=text))
    return rows.order_by("short_name")


def _heads() -> list[str]:
    return [
        *(_("Short name"), _("Title"), _("Group"), _("Kind"), _("Centres"), _("Patients"), _("Target")),
        _("Status"),
    ]


def _line(row: Protocol, size: Size) -> Iterable[Any]:
    return (
        *(row.short_name, row.title, row.cancer_group, row.get_kind_display(), size.centres),
        *(size.patients, row.target_accrual, row.get_status_display()),
    )


def _centre_heads() -> list[str]:
    return [
        *(_("Centre"), _("Patients"), _("Target"), _("Plans"), _("Expected"), _("Received")),
        *(_("Unexpected"), _("Plans without all images"), _("Plans without a required structure")),
        *(_("Plan sets filed in 90 days"), _("of these untouched"), _("Last added")),
    ]


def _centre_line(row: Centre) -> Iterable[Any]:
    return (
        *(row.code, row.patients, row.target, row.plans, row.expected, row.received, row.unexpected),
        *(row.no_images, row.no_structures, row.touch.filed, row.touch.untouched, row.last),
    )
