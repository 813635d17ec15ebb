"""Who holds what: of a protocol, of a project, of the bank; one grant; my own (R46 to R49, R53).

Comes in: filters, numbers. Goes out: lists, one page for each grant. What is changed is done in `giving.py`
and `deciding.py`, what is explained in `explaining.py`, each through planbank.access.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.access.granting import PERIOD, may_renew
from planbank.access.models import Grant
from planbank.access.policy import may
from planbank.access.queries.given import grants_seen
from planbank.access.queries.reminders import orphans
from planbank.access.queries.states import SOON, state_of
from planbank.access.scopes import Scope
from planbank.protocols.act import Act
from planbank.protocols.models import Project, Protocol
from planbank.web.acting import user_of
from planbank.web.lists.listing import drops, without
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.grants import deciding, explaining, giving, words
from planbank.web.pages.grants.forms import GrantFilters
from planbank.web.pages.grants.telling import told
from planbank.web.pages.protocols.tabs import tabs_in

SIZE, LAPSED_SHOWN = 100, timedelta(days=90)
SORTS = {
    "person": ("user__name", "pk"),
    "role": ("role", "permission", "user__name", "pk"),
    "since": ("since", "pk"),
    "until": ("until", "pk"),
}


def _waiting(request: HttpRequest) -> tuple[int, bool] | None:
    """How many lapse within 30 days that I might renew."""
    now = house_of(request).clock.now()
    rows = grants_seen(request.user, "grant.renew", now).in_force(now).exclude(user=user_of(request))
    n = rows.filter(until__lte=now + SOON, let_end_at__isnull=True).count()
    return (n, True) if n else None


_SHOWN = Menu("running", gettext_lazy("Permissions"), "key", 25, _waiting)


@page("grants/", name="grants", action="grant.view", menu=_SHOWN)
def grants(request: HttpRequest) -> HttpResponse:
    """All grants I answer for: what lapses soon first, then the list."""
    now = house_of(request).clock.now()
    rows = grants_seen(request.user, "grant.view", now)
    context: dict[str, Any] = {"where": None}
    if user_of(request).is_site_admin:
        context["orphans"] = orphans(now)
    return _list(request, rows, now, context)


@page("protocols/<int:protocol>/people/", name="protocol-people", action="grant.view", scope="protocol")
def of_protocol(request: HttpRequest, protocol: int) -> HttpResponse:
    """Who may do and see what in a protocol, where from and until when."""
    return _of_scope(request, Protocol, protocol)


@page("projects/<int:project>/people/", name="project-people", action="grant.view", scope="project")
def of_project(request: HttpRequest, project: int) -> HttpResponse:
    """Who may do and see what in a project."""
    return _of_scope(request, Project, project)


@page("grants/<int:pk>/", name="grant", action="grant.view")
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One grant: what it is, its history, what can be done about it."""
    now, user = house_of(request).clock.now(), user_of(request)
    row = grants_seen(user, "grant.view", now).select_related("user", "let_end_by").filter(pk=pk).first()
    if row is None:
        raise Http404
    act = Act.of(user, now)
    state = state_of(row, now)
    revocable = grants_seen(user, "grant.revoke", now).filter(pk=pk).exists()
    context = {
        "grant": row,
        "line": words.shown([row], now)[0],
        "renewals": row.renewals.select_related("renewed_by"),
        "can_renew": state.kind != "awaits a second person" and may_renew(act, row),
        "can_revoke": revocable and state.kind != "revoked",
        "can_confirm": state.kind == "awaits a second person"
        and grants_seen(user, "grant.give", now).filter(pk=pk).exists()
        and user.pk not in (row.user_id, row.granted_by_id),
        "can_explain": bool(
            row.scope_kind in ("protocol", "project")
            and may(user, "access.explain", now, Scope(row.scope_kind, row.scope_id))
        ),
        "renewed_to": now + PERIOD,
    }
    return render(request, "grants/one.html", context)


@page("account/permissions/", name="my-permissions", action="account.use")
def mine(request: HttpRequest) -> HttpResponse:
    """What I hold, until when, and who gave it."""
    now, user = house_of(request).clock.now(), user_of(request)
    rows = Grant.objects.filter(user=user).select_related("granted_by").prefetch_related("institutions")
    lines = words.shown(rows.order_by(F("revoked_at").asc(nulls_first=True), "-until")[:SIZE], now)
    context = {
        "lines": lines,
        "soon": [one for one in lines if one.state.kind == "lapses soon"],
        "affiliations": user.affiliations.select_related("institution").order_by("institution__code"),
        "now": now,
    }
    return render(request, "grants/mine.html", context)


def _of_scope(request: HttpRequest, model: type[Protocol] | type[Project], pk: int) -> HttpResponse:
    now, user = house_of(request).clock.now(), user_of(request)
    where = model._default_manager.filter(pk=pk).first()
    if where is None:
        raise Http404
    scope = Scope.of(where)
    context: dict[str, Any] = {
        "where": where,
        "kind": scope.kind,
        "can_give": bool(may(user, "grant.give", now, scope)),
        "can_explain": bool(may(user, "access.explain", now, scope)),
        "closed": where.status == "closed",
        "tabs": tabs_in(request, scope, f"{scope.kind}-people"),
    }
    if context["can_explain"]:
        context |= explaining.chosen(request, where, scope, now)
    return _list(request, grants_seen(user, "grant.view", now, scope), now, context)


def _list(
    request: HttpRequest, rows: QuerySet[Grant], now: datetime, context: dict[str, Any]
) -> HttpResponse:
    filters = GrantFilters(request.GET)
    given, sort = filters.given(), request.GET.get("sort", "person")

    def found(given: dict[str, Any]) -> QuerySet[Grant]:
        return _narrowed(rows, given, now)

    ordered = _ordered(found(given), sort)
    if wants_csv(request):
        return as_csv(_("permissions"), _heads(), _lines(ordered, now))
    listed = Paginator(ordered, SIZE).get_page(request.GET.get("page"))
    act = Act.of(user_of(request), now)
    soon = rows.in_force(now).filter(until__lte=now + SOON)
    soon = soon.order_by(F("let_end_at").asc(nulls_first=True), "until", "pk")
    soon = soon.select_related("user", "granted_by", "let_end_by").prefetch_related("institutions")[:SIZE]
    lapsing = words.shown(soon, now)
    tellings = told(line.row for line in lapsing)
    context |= {
        "filters": filters,
        "given": given,
        "sort": sort,
        "found": listed,
        "lines": words.shown(listed, now),
        "lapsing": [(line, may_renew(act, line.row), tellings.get(line.row.pk)) for line in lapsing],
        "waiting": words.shown(_related(_narrowed(rows, {"state": "awaits a second person"}, now)), now),
        "renewed_to": now + PERIOD,
        "all_url": without(request, *filters.fields),
        "now": now,
        "me": user_of(request),
        "people": rows.in_force(now).values("user").distinct().count(),
        "may_give_somewhere": bool(may(user_of(request), "grant.give", now)),
    }
    if not listed and given:
        context["drops"] = drops(request, filters, found)
    return render(request, "grants/list.html", context)


def _narrowed(rows: QuerySet[Grant], given: dict[str, Any], now: datetime) -> QuerySet[Grant]:
    if "role" in given:
        rows = rows.filter(role=given["role"])
    if text := given.get("q"):
        rows = rows.filter(Q(user__name__icontains=text) | Q(user__username__icontains=text))
    running = rows.filter(revoked_at__isnull=True, until__gt=now)
    match given.get("state"):
        case None:
            return rows.filter(revoked_at__isnull=True, until__gt=now - LAPSED_SHOWN)
        case "active":
            return rows.in_force(now).filter(until__gt=now + SOON)
        case "lapses soon":
            return rows.in_force(now).filter(until__lte=now + SOON)
        case "awaits a second person":
            return running.filter(confirmed_at__isnull=True)
        case "not yet":
            return running.filter(confirmed_at__isnull=False, since__gt=now)
        case "lapsed":
            return rows.filter(revoked_at__isnull=True, until__lte=now)
    return rows.filter(revoked_at__isnull=False)


def _ordered(rows: QuerySet[Grant], sort: str) -> QuerySet[Grant]:
    by = SORTS.get(sort.removeprefix("-"), SORTS["person"])
    return _related(rows).order_by(*(f"-{name}" if sort.startswith("-") else name for name in by))


def _related(rows: QuerySet[Grant]) -> QuerySet[Grant]:
    return rows.select_related("user", "granted_by").prefetch_related("institutions")


def _heads() -> list[str]:
    return [
        *(_("Person"), _("User name"), _("Centre"), _("Role"), _("Where"), _("May see of others")),
        *(_("May take out"), _("Of"), _("From"), _("Until"), _("State"), _("Given by"), _("Reason")),
    ]


def _lines(rows: QuerySet[Grant], now: datetime) -> Iterable[Iterable[Any]]:
    for line in words.shown(rows, now):
        row = line.row
        by = row.granted_by.name if row.granted_by else ""
        yield (
            *(row.user.name, row.user.username, line.codes, line.role, line.where, line.level),
            *(line.take_out, line.whose, row.since, row.until, line.word, by, row.reason),
        )


__all__ = ["deciding", "explaining", "giving", "grants", "mine", "of_project", "of_protocol", "one"]
