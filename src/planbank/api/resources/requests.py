"""Requests of metrics that are kept under a name (R72).

Comes in: the name of a protocol or project, what is asked for. Goes out: rows; their answers are at
`metrics`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema, Status

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.access.verdict import Refused
from planbank.api.problems import Problem
from planbank.api.resources.names import desk_in, types_named
from planbank.api.scope import InProject, InProtocol, act_of
from planbank.protocols.actions.saving import drop, save
from planbank.protocols.models import SavedRequest
from planbank.statistics.request import asked_for

router = Router(tags=["names and numbers"])
Number = Annotated[int, Query(ge=1, le=2**62, description="id of a saved request")]
_ANSWERS = {401: Problem, 403: Problem, 404: Problem, 422: Problem}


class SavedRequestOut(Schema):
    """A request as it was saved. `types` empty: all, also those that come later."""

    id: int
    name: str
    types: list[str]
    metrics: str
    since: datetime


class SavedRequests(Schema):
    """All saved requests of a protocol or project, by name."""

    items: list[SavedRequestOut]
    next: str | None


class SavedRequestIn(Schema):
    """What is asked for; one of that name that stands is replaced."""

    name: str = Field(min_length=1, max_length=64)
    types: list[str] = Field(default=[], max_length=200)
    metrics: str = Field(default="", max_length=500)


@router.get("/requests", response={200: SavedRequests, **_ANSWERS})
def requests(request: HttpRequest, protocol: InProtocol, project: InProject) -> dict[str, object]:
    """Requests that people keep, to ask again as data arrive."""
    desk = desk_in(request, protocol, project)
    rows = desk.owner.saved_requests.filter(ended_at__isnull=True)
    return {"items": [_out(row) for row in rows.prefetch_related("structure_types")], "next": None}


@router.post("/requests", response={201: SavedRequestOut, **_ANSWERS})
def new(
    request: HttpRequest, given: SavedRequestIn, protocol: InProtocol, project: InProject
) -> Status[SavedRequestOut]:
    """Keep a request. Whoever sees statistics there can ask it."""
    desk = desk_in(request, protocol, project)
    chosen = types_named(desk, given.types)
    wanted = asked_for(desk.types, chosen, given.metrics)
    types = wanted.types if chosen else ()
    return Status(201, _out(save(act_of(request), desk.owner, given.name, types, given.metrics)))


@router.delete("/requests", response={204: None, **_ANSWERS})
def ended(request: HttpRequest, protocol: InProtocol, project: InProject, request_id: Number) -> Status[None]:
    """Let a saved request go: who saved it, or a key user."""
    desk = desk_in(request, protocol, project)
    rows = desk.owner.saved_requests.filter(ended_at__isnull=True)
    row, reader = get_object_or_404(rows, pk=request_id), desk.reader
    allowed = may(reader.user, "dictionary.edit", reader.at, Scope.of(desk.owner))
    if row.made_by_id != reader.user.pk and not allowed:
        raise Refused(allowed)
    drop(act_of(request), row)
    return Status(204, None)


def _out(row: SavedRequest) -> SavedRequestOut:
    names = [one.name for one in row.structure_types.all()]
    return SavedRequestOut(id=row.pk, name=row.name, types=names, metrics=row.metrics, since=row.made_at)
