"""The only place that decides who may see or do what.

Comes in: (user, action, queryset). Goes out: the part of the queryset the user may act on, or a
verdict with its reason. Deny by default. Rooms above hand in their own queryset together with
the column that leads to its institution, so that this room imports nothing of theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from planbank.access.actions import ACTIONS
from planbank.people.models import Institution, User

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Verdict:
    """Whether, and why."""

    allowed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.allowed


def _signed_in(user: User, at: datetime) -> Verdict:
    return Verdict(True, "every signed-in person")


def _site_admin(user: User, at: datetime) -> Verdict:
    if user.is_site_admin:
        return Verdict(True, "system administrator")
    return Verdict(False, "only the system administrator")


def _affiliated(user: User, at: datetime) -> Verdict:
    if institutions_of(user, at).exists():
        return Verdict(True, "works for an institution")
    return Verdict(False, "works for no institution now")


def _affiliated_or_admin(user: User, at: datetime) -> Verdict:
    return _site_admin(user, at) or _affiliated(user, at)


RULES: dict[str, Callable[[User, datetime], Verdict]] = {
    "account.use": _signed_in,
    "overview.view": _signed_in,
    "data.view": _affiliated,
    "quarantine.view": _affiliated_or_admin,
    "quarantine.decide": _site_admin,
    "quarantine.decide-own": _affiliated,
    "senders.manage": _site_admin,
    "services.view": _site_admin,
    "services.run": _site_admin,
}


def institutions_of(user: User, at: datetime) -> QuerySet[Institution]:
    """The institutions whose data this person may see now: a dated grant, not a mere account."""
    return Institution.objects.filter(
        Q(affiliations__until__isnull=True) | Q(affiliations__until__gt=at),
        affiliations__user=user,
        affiliations__since__lte=at,
        is_active=True,
    ).distinct()


def may(user: object, action: str, at: datetime) -> Verdict:
    """Whether `user` may do `action` at all; a list may still be empty for them."""
    if action not in ACTIONS or action not in RULES:
        return Verdict(False, "nobody: the action is not declared")
    if not isinstance(user, User) or not user.is_active:
        return Verdict(False, "not signed in")
    return RULES[action](user, at)


def visible(
    user: object, action: str, queryset: QuerySet[M], *, institution: str, at: datetime
) -> QuerySet[M]:
    """The rows of `queryset` on which `user` may do the institution-scoped `action`.

    `institution` is the lookup that leads from a row to its institution ('institution',
    'study__patient_file__institution', ...).
    """
    if ACTIONS[action].scope != "institution" or not may(user, action, at):
        return queryset.none()
    assert isinstance(user, User)
    return queryset.filter(**{f"{institution}__in": institutions_of(user, at)})
