"""Where somebody may give what: the choices of a form, not the decision (access/granting.py decides).

Comes in: a user, a time, maybe one scope. Goes out: scopes with their names, and names of roles.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from planbank.access.roles import ROLES, SINGLE
from planbank.access.scopes import SITE, Scope
from planbank.access.standing import standing_of
from planbank.people.models import User
from planbank.protocols.models import Participation, Project, Protocol


def givable(user: User, at: datetime, scope: Scope | None = None) -> tuple[dict[Scope, str], list[str]]:
    """Scopes by name in which `user` may give something, and the roles and single permissions."""
    by: set[str] = set()
    protocols, projects, site = Q(pk__in=[]), Q(pk__in=[]), False
    standing = standing_of(user)
    for path in standing.in_force("grant.give", at):
        if path.role == "system-admin":
            protocols, projects, site = Q(), Q(), True
        elif path.role == "institution-admin":
            centres = Participation.objects.in_force(at).filter(institution=path.scope.id)
            protocols |= Q(pk__in=centres.values("protocol")) if not site else Q()
        elif path.scope.kind == "protocol":
            protocols |= Q(pk=path.scope.id) if not site else Q()
        elif path.scope.kind == "project":
            projects |= Q(pk=path.scope.id) if not site else Q()
        if scope is None or path.scope == scope or path.role in ("system-admin", "institution-admin"):
            by.add(path.role)
    scopes = {SITE: ""} if site else {}
    scopes |= {Scope("protocol", row.pk): row.short_name for row in Protocol.objects.filter(protocols)}
    scopes |= {Scope("project", row.pk): row.short_name for row in Project.objects.filter(projects)}
    if scope is not None:
        scopes = {one: name for one, name in scopes.items() if one == scope}
    kinds = {one.kind for one in scopes}
    roles = [role.name for role in ROLES.values() if by & set(role.given_by) and kinds & set(role.scopes)]
    if by & {"system-admin", "key-user"} and "protocol" in kinds:
        roles += sorted(SINGLE)
    return scopes, roles
