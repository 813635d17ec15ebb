"""Participants that a person may see or change.

Comes in: a user, an action, a time. Goes out: a queryset, narrowed as pages and counts take it. The
same paths as policy.visible, asked of another table.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from planbank.access.policy import may
from planbank.access.roles import Reach
from planbank.access.standing import standing_of
from planbank.people.models import User
from planbank.protocols.models import Participant


def participants_seen(user: object, action: str, at: datetime) -> QuerySet[Participant]:
    """Participants on whom the person may do `action` (participant.view, participant.edit).

    Of all centres of the protocol, of those a grant is narrowed to, or of one's own institutions only
    where the role says so.
    """
    if not may(user, action, at):
        return Participant.objects.none()
    assert isinstance(user, User)
    standing = standing_of(user)
    own = standing.own_institutions(at)
    found = Q(pk__in=[])
    for path in standing.in_force(action, at):
        if path.scope.kind != "protocol":
            continue
        whose = path.institutions
        if path.actions[action] is Reach.OWN_DATA:
            whose = own if whose is None else own & whose
        one = Q(protocol=path.scope.id)
        found |= one if whose is None else one & Q(institution__in=sorted(whose))
    return Participant.objects.filter(found)
