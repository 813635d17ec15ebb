"""Where somebody is signed in, and ending it.

Comes in: a user. Goes out: their sessions, those that are over left out; ended ones are gone at the
next request of the browser that held them.
"""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.db import transaction

from planbank.access import accounts
from planbank.people.models import User
from planbank.protocols.act import Act


def of(user: User) -> list[UserSession]:
    """The sessions that still open something, the newest first."""
    found: list[UserSession] = UserSession.objects.purge_and_list(user)
    return sorted(found, key=lambda one: one.created_at, reverse=True)


def end(user: User, *, keep: str | None = None, only: int | None = None) -> int:
    """End the sessions of `user`: all, all but the one whose key is `keep`, or `only` the one with
    that number. Returns how many ended."""
    rows = UserSession.objects.filter(user=user)
    if only is not None:
        rows = rows.filter(pk=only)
    if keep is not None:
        rows = rows.exclude(session_key=keep)
    ended = list(rows)
    for row in ended:
        row.end()
    return len(ended)


@transaction.atomic
def switch_off(act: Act, user: User, seen: int, reason: str = "") -> int:
    """Switch an account off with its tokens and sessions, all at once; how many sessions ended.

    Raises what `access.accounts.switch_off` does.
    """
    accounts.switch_off(act, user, seen, reason)
    return end(user)
