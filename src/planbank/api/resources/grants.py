"""Grants: one's own, and those of the protocols, projects and people one answers for."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema

from planbank.access.models import Grant
from planbank.access.queries.given import grants_seen
from planbank.access.queries.states import state_of
from planbank.access.scopes import Scope
from planbank.api.paging import After, Limit, cut
from planbank.api.problems import Problem
from planbank.api.scope import InProject, InProtocol, reader_in
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Project, Protocol

router = Router(tags=["grants"])
_ERRORS = {401: Problem, 403: Problem, 404: Problem, 422: Problem}


class GrantOut(Schema):
    """One grant. `institutions` null: of all; `state`: active, lapses soon, lapsed, not yet, revoked, ..."""

    id: int
    username: str
    role: str
    permission: str
    scope: str
    scope_name: str
    institutions: list[str] | None
    see: str
    take_out: str
    since: datetime
    until: datetime
    state: str
    granted_at: datetime
    granted_by: str
    reason: str


class Grants(Schema):
    """A page of grants."""

    items: list[GrantOut]
    next: str | None


@router.get("/grants", response={200: Grants, **_ERRORS})
def grants(
    request: HttpRequest, after: After, limit: Limit, protocol: InProtocol, project: InProject
) -> dict[str, object]:
    """Your own grants, and those you answer for; also ended ones."""
    reader = reader_in(request, protocol, project)
    seen = grants_seen(reader.user, "grant.view", reader.at)
    rows = Grant.objects.filter(pk__in=seen.values("pk")) | Grant.objects.filter(user=reader.user)
    if reader.scope is not None:
        rows = rows.filter(scope_kind=reader.scope.kind, scope_id=reader.scope.id)
    rows = rows.select_related("user", "granted_by").prefetch_related("institutions")
    items, further = cut(rows, reader, after, limit)
    names = _names(items)
    return {"items": [_grant(row, names, reader.at) for row in items], "next": further}


def _names(rows: list[Grant]) -> dict[Scope, str]:
    found: dict[Scope, str] = {}
    for kind, model in (("protocol", Protocol), ("project", Project)):
        ids = {row.scope_id for row in rows if row.scope_kind == kind}
        named = model._default_manager.filter(pk__in=ids).values_list("pk", "short_name")
        found |= {Scope(kind, pk): name for pk, name in named}
    return found


def _grant(row: Grant, names: dict[Scope, str], at: datetime) -> GrantOut:
    codes = sorted(one.code for one in row.institutions.all())
    return GrantOut(
        id=row.pk,
        username=row.user.username,
        role=row.role,
        permission=row.permission,
        scope=row.scope_kind,
        scope_name=names.get(Scope(row.scope_kind, row.scope_id), ""),
        institutions=None if row.every_institution else codes,
        see=See(row.see).name.lower(),
        take_out=TakeOut(row.take_out).name.lower(),
        since=row.since,
        until=row.until,
        state=state_of(row, at).kind,
        granted_at=row.granted_at,
        granted_by=row.granted_by.username if row.granted_by else "",
        reason=row.reason,
    )
