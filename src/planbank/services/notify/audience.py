"""Who hears of an event: those whom it concerns and who could see for themselves.

Comes in: an event. Goes out: people with an account that is on. Nobody learns by a notice of what the
policy hides from them: an institution's events go to who works there now, a protocol's to its key users.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from planbank.access.models import Grant
from planbank.access.queries.holders import key_users
from planbank.access.scopes import Scope
from planbank.messages.kinds import KINDS
from planbank.messages.models import Event
from planbank.people.models import Affiliation, User


def audience(event: Event, at: datetime) -> QuerySet[User]:
    """Everybody whom an event concerns now."""
    found = Q(pk__in=[])
    for name in KINDS[event.kind].audiences:
        if name == "admins":
            found |= Q(is_site_admin=True)
        elif name == "institution" and event.institution_id:
            found |= Q(pk__in=staff_of(event.institution_id, at))
        elif name == "person" and event.user_id:
            found |= Q(pk=event.user_id)
        elif name == "key-users" and event.scope_kind in ("protocol", "project"):
            found |= Q(pk__in=key_users(Scope(event.scope_kind, event.scope_id), at).values("pk"))
        elif name == "controllers" and event.scope_kind:
            grants = Grant.objects.in_force(at).filter(
                role="controller", scope_kind=event.scope_kind, scope_id=event.scope_id
            )
            found |= Q(pk__in=grants.values("user"))
    return User.objects.filter(found, is_active=True)


def staff_of(institution: int, at: datetime) -> QuerySet[Affiliation]:
    """The users who work for an institution now, as a subquery."""
    open_now = Q(until__isnull=True) | Q(until__gt=at)
    rows = Affiliation.objects.filter(
        open_now, institution=institution, institution__is_active=True, since__lte=at
    )
    return rows.values("user")  # type: ignore[return-value]
