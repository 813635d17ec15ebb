"""Who holds what: key users, what lapses soon, what is left without anybody (R49, R213, R199).

Comes in: a scope or a time. Goes out: querysets and short lists for pages, reminders and refusals.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from planbank.access.models import Grant
from planbank.access.scopes import Scope
from planbank.people.models import User
from planbank.protocols.models import Protocol

REMINDED = (30, 7, 1)  # days ahead


def key_users(scope: Scope, at: datetime) -> QuerySet[User]:
    """People with an account that is on and a key user's grant in force here."""
    grants = Grant.objects.in_force(at).filter(role="key-user", scope_kind=scope.kind, scope_id=scope.id)
    return User.objects.filter(pk__in=grants.values("user"), is_active=True)


def lapsing(at: datetime, within: timedelta = timedelta(days=REMINDED[0])) -> QuerySet[Grant]:
    """Grants in force that lapse within a time, the next first."""
    return Grant.objects.in_force(at).filter(until__lte=at + within).order_by("until", "pk")


def step_of(left: timedelta) -> int | None:
    """The least of 30, 7 and 1 days that a time is within; None where it is more."""
    return min((days for days in REMINDED if left <= timedelta(days=days)), default=None)


def reminder(grant: Grant, at: datetime) -> int | None:
    """Which reminder is due: 30, 7 or 1 days ahead; None before and after."""
    left = grant.until - at
    return None if left <= timedelta(0) else step_of(left)


def lapsing_key(grant: Grant, days: int) -> str:
    """What is told once: that this grant ends then, at this step."""
    return f"grant:{grant.pk}:{grant.until:%Y%m%d}:{days}"


def without_key_user(at: datetime, within: timedelta = timedelta(0)) -> QuerySet[Protocol]:
    """Active protocols that nobody runs, or nobody will run in a while (R199: told before it happens)."""
    then = at + within
    held = Grant.objects.in_force(at).filter(
        role="key-user",
        scope_kind="protocol",
        scope_id=OuterRef("pk"),
        user__is_active=True,
        until__gt=then,
    )
    return Protocol.objects.filter(~Exists(held), status="active")
