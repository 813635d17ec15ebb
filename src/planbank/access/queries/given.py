"""Grants that somebody may see, confirm, renew or revoke.

Comes in: a user, one of the actions `grant.*`, a time. Goes out: a queryset. Whether one of these may be
given on by that person is decided once more, grant by grant, when it is done (access/granting.py).
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from planbank.access.models import Grant
from planbank.access.roles import ROLES, Reach
from planbank.access.scopes import Scope
from planbank.access.standing import standing_of
from planbank.people.models import Affiliation, User


def grants_seen(
    user: object, action: str, at: datetime, scope: Scope | None = None
) -> QuerySet[Grant, Grant]:
    """Grants on which `action` is allowed: all, those of one's protocols and projects, of one's people.

    An administrator of an institution sees what its people hold; they act only on roles that such an
    administrator gives.
    """
    if not isinstance(user, User) or not user.is_active:
        return Grant.objects.none()
    found = Q(pk__in=[])
    for path in standing_of(user).in_force(action, at):
        if path.actions[action] is Reach.SITE:
            found = Q()
            break
        if path.scope.kind == "institution":
            found |= _of_people(path.scope.id, action, at)
        else:
            found |= Q(scope_kind=path.scope.kind, scope_id=path.scope.id)
    rows = Grant.objects.filter(found)
    return rows if scope is None else rows.filter(scope_kind=scope.kind, scope_id=scope.id)


def _of_people(institution: int, action: str, at: datetime) -> Q:
    now = Q(until__isnull=True) | Q(until__gt=at)
    people = Affiliation.objects.filter(now, institution=institution, since__lte=at)
    found = Q(user__in=people.values("user"))
    if action == "grant.view":
        return found
    return found & Q(role__in=[name for name, role in ROLES.items() if "institution-admin" in role.given_by])
