"""Requests for reuse and disclosures that somebody may see or decide (R42, R122).

Comes in: a user, an action, a time. Goes out: querysets. A request is seen from both sides: from the
protocol it is about, and from the project that asked.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from planbank.access.roles import Reach
from planbank.access.standing import standing_of
from planbank.people.models import User
from planbank.protocols.models import Disclosure, ReuseRequest


def requests_seen(user: object, at: datetime, action: str = "reuse.view") -> QuerySet[ReuseRequest]:
    """Requests on which the person may do `action`: reuse.view of either side; reuse.approve and
    reuse.revoke of the protocol's; reuse.ask (to take back) of the project's."""
    if not isinstance(user, User) or not user.is_active:
        return ReuseRequest.objects.none()
    found = Q(pk__in=[])
    for path in standing_of(user).in_force(action, at):
        if path.actions[action] is Reach.SITE:
            return ReuseRequest.objects.all()
        if path.scope.kind == "protocol" and action != "reuse.ask":
            found |= Q(protocol=path.scope.id)
        elif path.scope.kind == "project" and action in ("reuse.view", "reuse.ask"):
            found |= Q(project=path.scope.id)
    return ReuseRequest.objects.filter(found)


def disclosures_seen(user: object, at: datetime) -> QuerySet[Disclosure]:
    """The record of disclosures of these requests."""
    return Disclosure.objects.filter(request__in=requests_seen(user, at))
