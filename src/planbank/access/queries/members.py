"""Members of protocols that somebody may list, row by row as the policy shows what they are about.

Comes in: a user, an action on data, a time, maybe a scope. Goes out: a queryset of memberships.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from planbank.access.roles import Reach
from planbank.access.rows import whose
from planbank.access.scopes import Scope
from planbank.access.standing import standing_of
from planbank.people.models import User
from planbank.protocols.models import Membership


def members_seen(
    user: User, action: str, at: datetime, scope: Scope | None = None, as_of: datetime | None = None
) -> QuerySet[Membership, Membership]:
    """One's own institutions' members, and those that one's grants show; in force, or as of a moment.

    `scope`: of that institution or protocol, or what that project sees. Nothing that is restricted now.
    """
    standing = standing_of(user)
    paths = standing.in_force(action, at) if user.is_active else []
    own = {path.scope.id for path in paths if path.scope.kind == "institution"}
    through = [p for p in paths if p.protocol and p.actions[action] in (Reach.SCOPE, Reach.LEVEL)]
    held = Q()
    if scope is not None and scope.kind == "project":
        own, through = set(), [path for path in through if path.scope == scope]
    elif scope is not None:
        held = Q(institution=scope.id) if scope.kind == "institution" else Q(protocol=scope.id)
    members = Membership.objects.as_of(as_of) if as_of else Membership.objects.in_force()
    return members.filter(held, Q(institution__in=own) | whose(through))
