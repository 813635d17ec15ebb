"""What a person holds: every way by which something may be allowed to them.

Comes in: a user. Goes out: `Standing`, a list of `Path`s; in two queries, three for people of
projects. Times are kept with each path and compared with the time handed in, so that a lapse acts at
the moment it says, also in the middle of an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import OuterRef, Q, Subquery

from planbank.access.actions import ACTIONS
from planbank.access.models import Grant
from planbank.access.roles import ROLES, SINGLE, Reach
from planbank.access.scopes import SITE, Scope
from planbank.people.models import Affiliation, User
from planbank.people.zones import last_day_in
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Project, Protocol, ReuseRequest

# A project reads what protocols hold; it never changes what stands in them.
READING = frozenset(a.name for a in ACTIONS.values() if a.scope == "data" and a.closed == "reading")
BEGINNING = datetime.min.replace(tzinfo=UTC)
State = Literal["in force", "not yet", "lapsed"]


@dataclass(frozen=True)
class Container:
    """The protocol whose members a path shows, or the project it belongs to: what can close it."""

    kind: str
    id: int
    name: str
    status: str
    readable_until: datetime | None = None


@dataclass(frozen=True)
class Path:
    """One way to a right: from an account, an affiliation or a grant.

    `institutions`: whose data, None for all. `protocol`: whose members it shows; for a grant in a
    project there is one path for each approved reuse, with `project` set.
    """

    role: str
    actions: Mapping[str, Reach]
    scope: Scope
    source: str
    source_id: int = 0
    since: datetime = BEGINNING
    until: datetime | None = None
    institutions: frozenset[int] | None = None
    see: See = See.NONE
    take_out: TakeOut = TakeOut.NONE
    protocol: Container | None = None
    project: Container | None = None
    # Of what a project lists: only what was listed when the controller approved it.
    listed: datetime | None = None
    name: str = ""
    zone: str = ""

    @property
    def last_day(self) -> date | None:
        """The last day it holds, where the person works."""
        return None if self.until is None else last_day_in(self.until, self.zone)

    def state(self, at: datetime) -> State:
        """Where the path stands in time."""
        if self.since > at:
            return "not yet"
        return "lapsed" if self.until is not None and self.until <= at else "in force"

    def gives(self, action: str) -> bool:
        """Whether it gives the action at all, at its levels."""
        wanted = ACTIONS[action]
        if action not in self.actions:
            return False
        if self.actions[action] in (Reach.OWN_DATA, Reach.SITE) or self.scope.kind == "institution":
            return True
        return self.see >= wanted.see and self.take_out >= wanted.take_out

    def is_open_for(self, action: str, at: datetime) -> bool:
        """Whether protocol and project let the action be done now."""
        return all(_is_open(where, action, at) for where in (self.protocol, self.project) if where)


@dataclass(frozen=True)
class Standing:
    """All paths of one user, whatever their time."""

    paths: tuple[Path, ...]

    def giving(self, action: str, scope: Scope | None = None) -> Iterator[Path]:
        """Paths that give the action in the scope, in force or not."""
        for path in self.paths:
            if action in path.actions and covers(path, action, scope):
                yield path

    def in_force(self, action: str, at: datetime, scope: Scope | None = None) -> list[Path]:
        """Paths that allow the action now."""
        return [
            path
            for path in self.giving(action, scope)
            if path.state(at) == "in force" and path.gives(action) and path.is_open_for(action, at)
        ]

    def own_institutions(self, at: datetime) -> frozenset[int]:
        """The institutions the person works for now."""
        return frozenset(p.scope.id for p in self.paths if p.role == "staff" and p.state(at) == "in force")

    def zone(self, at: datetime) -> str:
        """The time zone of where the person works now; '' (the site's) for nowhere or several zones."""
        found = {p.zone for p in self.paths if p.role == "staff" and p.state(at) == "in force"}
        return found.pop() if len(found) == 1 else ""


def covers(path: Path, action: str, scope: Scope | None) -> bool:
    """Whether a path is about the scope asked for."""
    if scope is None or path.actions.get(action) is Reach.SITE:
        return True
    return path.scope == scope


def _is_open(where: Container, action: str, at: datetime) -> bool:
    rule = ACTIONS[action].closed
    if rule == "allowed":
        return True
    if where.status == "closed":
        readable = where.readable_until is not None and where.readable_until > at
        return rule == "reading" and readable
    # A draft is prepared, but nothing is added to it and nothing seen through it.
    return where.status == "active" or ACTIONS[action].scope != "data"


def standing_of(user: User) -> Standing:
    """Everything the user holds or held; revoked grants are gone."""
    remembered: Standing | None = user.__dict__.get("_standing")
    if remembered is not None:
        return remembered
    works = tuple(_affiliations(user))
    zones = {path.zone for path in works}
    zone = zones.pop() if len(zones) == 1 else ""
    grants = (replace(path, zone=zone) for path in _grants(user)) if zone else _grants(user)
    found = Standing((*_account(user), *works, *grants))
    if is_remembered(user):
        user.__dict__["_standing"] = found
    return found


def remember(user: User) -> None:
    """Read the standing of this user object only once: for the length of one request."""
    user.__dict__["_standing"] = None


def is_remembered(user: User) -> bool:
    """Whether this user object's standing is read only once."""
    return "_standing" in user.__dict__


def forget(user: User) -> None:
    """Read it anew at the next question: for answers and jobs that run long."""
    user.__dict__.pop("_standing", None)


def _account(user: User) -> Iterator[Path]:
    if user.is_site_admin:
        yield Path("system-admin", ROLES["system-admin"].actions, SITE, "account", user.pk)


def _affiliations(user: User) -> Iterator[Path]:
    rows = Affiliation.objects.filter(user=user, institution__is_active=True)
    fields = ("pk", "institution_id", "institution__code", "institution__time_zone")
    more = ("is_admin", "since", "until")
    for pk, institution, code, zone, is_admin, since, until in rows.values_list(*fields, *more):
        for role in ("staff", "institution-admin") if is_admin else ("staff",):
            yield Path(
                role,
                ROLES[role].actions,
                Scope("institution", institution),
                "affiliation",
                pk,
                since,
                until,
                frozenset({institution}),
                See.IDENTIFIED,
                TakeOut.RAW,
                name=code,
                zone=zone,
            )


def _grants(user: User) -> Iterator[Path]:
    rows = Grant.objects.filter(user=user, confirmed_at__isnull=False, revoked_at__isnull=True)
    paths = list(paths_of(rows))
    projects = {path.scope.id for path in paths if path.scope.kind == "project"}
    yield from paths
    if projects:
        yield from _through_projects(paths, projects)


def paths_of(rows: Any) -> Iterator[Path]:
    """The path of each grant of a queryset, without what projects lead to. One query."""
    here = Q(pk=OuterRef("scope_id"))
    protocol = Protocol.objects.filter(here)
    project = Project.objects.filter(here)
    found = rows.annotate(
        named=ArrayAgg("institutions", filter=Q(institutions__isnull=False), default=[]),
        protocol_name=Subquery(protocol.values("short_name")),
        protocol_status=Subquery(protocol.values("status")),
        readable_until=Subquery(protocol.values("readable_until")),
        project_name=Subquery(project.values("short_name")),
        project_status=Subquery(project.values("status")),
        project_starts=Subquery(project.values("starts_at")),
        project_ends=Subquery(project.values("ends_at")),
    )
    for grant in found.order_by("pk"):
        yield path_of(grant)


def path_of(grant: Any) -> Path:
    """The path of one annotated grant."""
    role = ROLES.get(grant.role)
    single = {grant.permission: Reach.SCOPE} if grant.permission in SINGLE else {}
    least = role.least if role else See.NONE
    path = Path(
        grant.role or grant.permission,
        role.actions if role else single,
        Scope(grant.scope_kind, grant.scope_id),
        "grant",
        grant.pk or 0,
        max(grant.since, grant.confirmed_at),
        grant.until,
        None if grant.every_institution else frozenset(grant.named),
        See(max(grant.see, least)),
        TakeOut(grant.take_out),
    )
    if grant.scope_kind == "protocol":
        # A scope that is gone is closed for ever.
        where = Container(
            "protocol",
            grant.scope_id,
            grant.protocol_name or "",
            grant.protocol_status or "closed",
            grant.readable_until,
        )
        return replace(path, protocol=where, name=where.name)
    if grant.scope_kind == "project":
        where = Container(
            "project", grant.scope_id, grant.project_name or "", grant.project_status or "closed"
        )
        starts, ends = grant.project_starts or path.since, grant.project_ends or path.since
        return replace(
            path,
            project=where,
            name=where.name,
            since=max(path.since, starts),
            until=min(grant.until, ends),
        )
    return path


def _through_projects(paths: Iterable[Path], projects: set[int]) -> Iterator[Path]:
    """What approved reuse lets the holder of a project grant see: the lower of both levels."""
    approved = ReuseRequest.objects.filter(project__in=projects, state=ReuseRequest.State.APPROVED)
    rows = list(
        approved.select_related("protocol")
        .annotate(named=ArrayAgg("institutions", filter=Q(institutions__isnull=False), default=[]))
        .order_by("pk")
    )
    for path in paths:
        for reuse in rows:
            if path.scope != Scope("project", reuse.project_id):
                continue
            whose = None if reuse.every_institution else frozenset(reuse.named)
            if whose is None or path.institutions is None:
                whose = path.institutions if whose is None else whose
            else:
                whose &= path.institutions
            of = reuse.protocol
            yield replace(
                path,
                actions={name: path.actions[name] for name in path.actions if name in READING},
                since=max(path.since, reuse.since, reuse.decided_at or reuse.since),
                until=min(path.until or reuse.until, reuse.until),
                institutions=whose,
                see=See(min(path.see, reuse.see)),
                take_out=TakeOut(min(path.take_out, reuse.take_out)),
                protocol=Container("protocol", of.pk, of.short_name, of.status, of.readable_until),
                listed=(reuse.decided_at or reuse.since) if reuse.listed else None,
            )
