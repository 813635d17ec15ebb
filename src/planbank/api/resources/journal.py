"""The journal: one's own entries, and those one answers for (R116)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.db.models import Q
from django.http import HttpRequest
from ninja import Query, Router, Schema

from planbank.access.entries import older_than, readable_by
from planbank.access.scopes import Scope
from planbank.api.paging import After, Limit, further, place
from planbank.api.problems import Problem
from planbank.api.scope import NAME
from planbank.journal.models import Entry
from planbank.people.models import Institution
from planbank.protocols.models import Protocol

router = Router(tags=["journal"])
OfProtocol = Annotated[
    str, Query(default="", max_length=32, pattern=NAME, description="only entries of this protocol")
]
OfAction = Annotated[
    str, Query(default="", max_length=64, pattern=r"^[A-Za-z0-9 .-]*$", description="only this action")
]


class EntryOut(Schema):
    """One act. It names no patient."""

    at: datetime
    actor: str
    action: str
    object_kind: str
    object_id: str
    institution: str
    protocol: str
    purpose: str
    outcome: str


class Journal(Schema):
    """A page of entries, newest first."""

    items: list[EntryOut]
    next: str | None


@router.get("/journal", response={200: Journal, 401: Problem, 403: Problem, 422: Problem})
def journal(
    request: HttpRequest, after: After, limit: Limit, protocol: OfProtocol, action: OfAction
) -> dict[str, object]:
    """What you did yourself, and the entries that you answer for."""
    reader = request.reader  # type: ignore[attr-defined]
    wanted = _held(reader.scope)
    if protocol:
        wanted &= Q(protocol=protocol)
    if action:
        wanted &= Q(action=action)
    number = place(reader, after)
    stood = Entry.objects.filter(pk=number).values_list("at", "pk").first() if number else None
    if number and stood is None:
        return {"items": [], "next": None}
    beyond = older_than(*stood) if stood else None
    found = list(readable_by(reader.user, reader.at).page(wanted, size=limit + 1, beyond=beyond))
    items = found[:limit]
    return {"items": items, "next": further(reader, items[-1].pk) if len(found) > limit else None}


def _held(scope: Scope | None) -> Q:
    """A token that is held to something reads the entries about that."""
    if scope is None:
        return Q()
    if scope.kind == "protocol":
        return Q(protocol__in=_of(Protocol, "short_name", scope))
    if scope.kind == "institution":
        return Q(institution__in=_of(Institution, "code", scope))
    return Q(object_kind=scope.kind, object_id=str(scope.id))


def _of(model: type[Protocol] | type[Institution], name: str, scope: Scope) -> list[str]:
    return list(model._default_manager.filter(pk=scope.id).values_list(name, flat=True))
