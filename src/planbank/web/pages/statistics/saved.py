"""Requests of metrics that are kept: saved, asked again as data arrive, let go with undo (R72).

Comes in: a name and what the form of the statistics asks. Goes out: the statistics of it, as of now.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.errors import StatisticsError
from planbank.naming.queries.desk import Desk
from planbank.protocols.actions.saving import bring_back, drop, save
from planbank.protocols.models import Protocol, SavedRequest
from planbank.statistics.request import asked_for
from planbank.web.acting import act_of, user_of
from planbank.web.pages import page
from planbank.web.reach import reader_of

PATH = "protocols/<int:protocol>/statistics/saved/"
Line = tuple[SavedRequest, str, str, bool]


def lines(request: HttpRequest, protocol: Protocol) -> list[Line]:
    """Each saved request with its address, its types in words, and whether this person may remove it."""
    rows = protocol.saved_requests.filter(ended_at__isnull=True).select_related("made_by")
    return [
        (
            row,
            address_of(row),
            ", ".join(one.name for one in row.structure_types.all()),
            _may_drop(request, row),
        )
        for row in rows.prefetch_related("structure_types")
    ]


def address_of(row: SavedRequest) -> str:
    """Where it is asked. Types that were retired are named too: where none is left, that is said there."""
    asked = [("type", one.pk) for one in row.structure_types.all()]
    query = urlencode([*asked, ("metrics", row.metrics)])
    return f"{reverse('statistics', args=[row.protocol_id])}?{query}"


@page(PATH, name="statistics-save", action="data.statistics", scope="protocol")
@require_POST
def save_one(request: HttpRequest, protocol: int) -> HttpResponse:
    """Keep what is asked for, under a name."""
    here = Protocol.objects.filter(pk=protocol).first()
    if here is None:
        raise Http404
    desk, typed = Desk(reader_of(request), here), request.POST.get("metrics", "")[:500]
    chosen = request.POST.getlist("type")
    try:
        wanted = asked_for(desk.types, chosen, typed)
        row = save(act_of(request), here, request.POST.get("name", ""), wanted.types if chosen else (), typed)
    except StatisticsError as exc:
        messages.error(request, exc.detail or str(exc))
        return redirect("statistics", protocol)
    messages.success(
        request,
        _("Saved. Whoever sees statistics here can ask it again."),
        extra_tags=reverse("statistics-drop", args=[protocol, row.pk]),
    )
    return redirect(address_of(row))


@page(PATH + "<int:pk>/remove/", name="statistics-drop", action="data.statistics", scope="protocol")
@require_POST
def drop_one(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Let a saved request go: who saved it, or a key user."""
    row = _one(request, protocol, pk)
    drop(act_of(request), row)
    back = reverse("statistics-back", args=[protocol, pk])
    messages.success(request, _("%(name)s is removed.") % {"name": row.name}, extra_tags=back)
    return redirect("statistics", protocol)


@page(PATH + "<int:pk>/back/", name="statistics-back", action="data.statistics", scope="protocol")
@require_POST
def back_one(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """Undo a removal."""
    row = _one(request, protocol, pk)
    try:
        bring_back(act_of(request), row)
    except StatisticsError as exc:
        messages.error(request, exc.detail or str(exc))
    else:
        messages.success(request, _("%(name)s is back.") % {"name": row.name})
    return redirect("statistics", protocol)


def _one(request: HttpRequest, protocol: int, pk: int) -> SavedRequest:
    row = SavedRequest.objects.select_related("protocol").filter(pk=pk, protocol=protocol).first()
    if row is None or not _may_drop(request, row):
        raise Http404
    return row


def _may_drop(request: HttpRequest, row: SavedRequest) -> bool:
    if row.made_by_id == user_of(request).pk:
        return True
    return bool(may(request.user, "dictionary.edit", act_of(request).at, Scope.of(row.protocol)))
