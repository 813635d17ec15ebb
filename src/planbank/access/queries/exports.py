"""Exports that somebody asked for, or decides about (R113).

Comes in: a user and a time. Goes out: querysets. Who asked sees their own; who approves exports of a protocol
or project sees all of it.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.access.standing import standing_of
from planbank.people.models import User
from planbank.takeout.models import Export


def exports_seen(user: object, at: datetime) -> QuerySet[Export]:
    """Exports whose record the person may see."""
    if not isinstance(user, User) or not user.is_active:
        return Export.objects.none()
    return Export.objects.filter(Q(asked_by=user) | _decided_by(user, at))


def to_decide(user: object, at: datetime) -> QuerySet[Export]:
    """Exports that wait for this person's decision: nobody decides about their own."""
    if not isinstance(user, User) or not user.is_active:
        return Export.objects.none()
    rows = Export.objects.filter(_decided_by(user, at), state=Export.State.ASKED, until__gt=at)
    return rows.exclude(asked_by=user)


def may_decide(user: object, row: Export, at: datetime) -> bool:
    """Whether the person approves, refuses and revokes exports of its protocol or project."""
    return bool(may(user, "export.approve", at, Scope.of(row.owner)))


def _decided_by(user: User, at: datetime) -> Q:
    found = Q(pk__in=[])
    for path in standing_of(user).in_force("export.approve", at):
        if path.scope.kind == "protocol":
            found |= Q(protocol=path.scope.id)
        elif path.scope.kind == "project":
            found |= Q(project=path.scope.id)
    return found
