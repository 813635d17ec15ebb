"""Protocols and projects as lists: those whose record somebody may see (protocol.view, project.view).

Comes in: a user, a time, maybe a scope a token is held to. Goes out: querysets.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from planbank.access.roles import Reach
from planbank.access.scopes import Scope
from planbank.access.standing import standing_of
from planbank.people.models import User
from planbank.protocols.models import Participation, Project, Protocol


def protocols_seen(
    user: User, at: datetime, scope: Scope | None = None, action: str = "protocol.view"
) -> QuerySet[Protocol]:
    """Protocols in which `action` is allowed; for protocol.view also those one's centre takes part in."""
    ids, everywhere = _ids(user, action, at, "protocol")
    found = Q() if everywhere else Q(pk__in=ids)
    if action == "protocol.view" and user.is_active and not everywhere:
        own = standing_of(user).own_institutions(at)
        taking_part = Participation.objects.in_force(at).filter(institution__in=own)
        found |= Q(pk__in=taking_part.values("protocol"))
    rows = Protocol.objects.filter(found)
    return rows if scope is None else rows.filter(pk=scope.id if scope.kind == "protocol" else None)


def projects_seen(user: User, at: datetime, scope: Scope | None = None) -> QuerySet[Project]:
    """Projects whose record somebody may see."""
    ids, everywhere = _ids(user, "project.view", at, "project")
    rows = Project.objects.all() if everywhere else Project.objects.filter(pk__in=ids)
    return rows if scope is None else rows.filter(pk=scope.id if scope.kind == "project" else None)


def centres_in_reach(user: User, action: str, at: datetime, scope: Scope) -> set[int] | None:
    """The institutions on which somebody's grants in a scope allow `action`; None: all of them."""
    standing = standing_of(user)
    found: set[int] = set()
    for path in standing.in_force(action, at, scope):
        own = path.actions[action] is Reach.OWN_DATA
        if path.institutions is None and not own:
            return None
        found |= standing.own_institutions(at) if own else path.institutions or frozenset()
    return found


def _ids(user: User, action: str, at: datetime, kind: str) -> tuple[set[int], bool]:
    if not user.is_active:
        return set(), False
    paths = standing_of(user).in_force(action, at)
    everywhere = any(path.actions[action] is Reach.SITE for path in paths)
    return {path.scope.id for path in paths if path.scope.kind == kind}, everywhere
