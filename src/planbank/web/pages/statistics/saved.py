"""Requests of metrics that are kept: saved, asked again as data arrive, let go with undo (R72).

Comes in: a name and what the form of the statistics asks. Goes out: the statistics of it, as of now.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.errors import StatisticsError
from planbank.naming.queries.desk import Desk
from planbank.protocols.actions.saving import bring_back, drop, save
from planbank.protocols.models import Project, Protocol, SavedRequest
from planbank.statistics.request import asked_for
from planbank.web.acting import act_of, user_of
from planbank.web.pages import page_in
from planbank.web.pages.dictionary.desk import owner_of
from planbank.web.parts.addresses import there
from planbank.web.reach import reader_of

PATH = "statistics/saved/"
Line = tuple[SavedRequest, str, str, bool]


def lines(request: HttpRequest, owner: Protocol | Project) -> list[Line]:
    """Each saved request with its address, its types in words, and whether this person may remove it."""
    rows = owner.saved_requests.filter(ended_at__isnull=True).select_related("made_by", "protocol", "project")
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
    return f"{there(Scope.of(row.owner), 'statistics')}?{query}"


@page_in(PATH, name="statistics-save", action="data.statistics")
@require_POST
def save_one(request: HttpRequest, where: Scope) -> HttpResponse:
    """Keep what is asked for, under a name."""
    here = owner_of(where)
    desk, typed = Desk(reader_of(request), here), request.POST.get("metrics", "")[:500]
    chosen = request.POST.getlist("type")
    try:
        wanted = asked_for(desk.types, chosen, typed)
        row = save(act_of(request), here, request.POST.get("name", ""), wanted.types if chosen else (), typed)
    except StatisticsError as exc:
        messages.error(request, exc.detail or str(exc))
        return redirect(there(where, "statistics"))
    messages.success(
        request,
        _("Saved. Whoever sees statistics here can ask it again."),
        extra_tags=there(where, "statistics-drop", row.pk),
    )
    return redirect(address_of(row))


@page_in(PATH + "<int:pk>/remove/", name="statistics-drop", action="data.statistics")
@require_POST
def drop_one(request: HttpRequest, where: Scope, pk: int) -> HttpResponse:
    """Let a saved request go: who saved it, or a key user."""
    row = _one(request, where, pk)
    drop(act_of(request), row)
    back = there(where, "statistics-back", pk)
    messages.success(request, _("%(name)s is removed.") % {"name": row.name}, extra_tags=back)
    return redirect(there(where, "statistics"))


@page_in(PATH + "<int:pk>/back/", name="statistics-back", action="data.statistics")
@require_POST
def back_one(request: HttpRequest, where: Scope, pk: int) -> HttpResponse:
    """Undo a removal."""
    row = _one(request, where, pk)
    try:
        bring_back(act_of(request), row)
    except StatisticsError as exc:
        messages.error(request, exc.detail or str(exc))
    else:
        messages.success(request, _("%(name)s is back.") % {"name": row.name})
    return redirect(there(where, "statistics"))


def _one(request: HttpRequest, where: Scope, pk: int) -> SavedRequest:
    row = owner_of(where).saved_requests.filter(pk=pk).first()
    if row is None or not _may_drop(request, row):
        raise Http404
    return row


def _may_drop(request: HttpRequest, row: SavedRequest) -> bool:
    if row.made_by_id == user_of(request).pk:
        return True
    return bool(may(request.user, "dictionary.edit", act_of(request).at, Scope.of(row.owner)))
