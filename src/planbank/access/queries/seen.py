"""Protocols, projects and participants that a person may see: rows that are no DICOM data.

Comes in: a user, a time. Goes out: querysets, narrowed as the pages, the API and every count take
them. The same paths as policy.visible, asked of other tables.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from planbank.access.policy import may
from planbank.access.roles import Reach
from planbank.access.standing import standing_of
from planbank.people.models import User
from planbank.protocols.models import Participant, Participation, Project, Protocol


def protocols_seen(user: object, at: datetime) -> QuerySet[Protocol]:
    """Protocols whose record the person may see: by a grant, by role, or because their centre takes part."""
    if not isinstance(user, User) or not user.is_active:
        return Protocol.objects.none()
    standing = standing_of(user)
    paths = standing.in_force("protocol.view", at)
    if any(path.actions["protocol.view"] is Reach.SITE for path in paths):
        return Protocol.objects.all()
    centres = Participation.objects.in_force(at).filter(institution__in=standing.own_institutions(at))
    granted = [path.scope.id for path in paths if path.scope.kind == "protocol"]
    return Protocol.objects.filter(Q(pk__in=granted) | Q(pk__in=centres.values("protocol")))


def projects_seen(user: object, at: datetime) -> QuerySet[Project]:
    """Projects whose record the person may see: by a grant or by role."""
    if not may(user, "project.view", at):
        return Project.objects.none()
    assert isinstance(user, User)
    paths = standing_of(user).in_force("project.view", at)
    if any(path.actions["project.view"] is Reach.SITE for path in paths):
        return Project.objects.all()
    return Project.objects.filter(pk__in=[p.scope.id for p in paths if p.scope.kind == "project"])


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
