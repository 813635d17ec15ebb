"""Answers that are written in portions end when what they rest on ends (R190; security.md, expired grant).

Comes in: a request whose rights were checked, and the portions of its answer. Goes out: the same portions,
until a permission lapses, is revoked or narrowed, a protocol closes, the account is switched off or the
session ended. Then the connection is broken off, so that nobody takes the part for the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from planbank.access.holding import held_by
from planbank.errors import AnswerEnded
from planbank.journal.record import Actor, record
from planbank.people.models import User

# Asked anew before each portion of so many pieces, and as soon as the clock moved on by a second.
PIECES, PAUSE = 500, timedelta(seconds=1)


def guarded(request: HttpRequest, user: User, pieces: Iterable[Any]) -> Iterator[Any]:
    """The pieces, as long as what held when the first was asked for still holds. Raises AnswerEnded."""
    clock = request.house.clock  # type: ignore[attr-defined]
    asked = clock.now()
    began = held_by(_fresh(user), asked)
    for number, piece in enumerate(pieces):
        now = clock.now()
        if number % PIECES == PIECES - 1 or now - asked >= PAUSE:
            asked = now
            if not began <= held_by(_fresh(user), now) or not _is_signed_in(request):
                record(Actor("user", user.username), "answer broken off", now, outcome="refused")
                raise AnswerEnded
        yield piece


def _fresh(user: User) -> User:
    """The person as the database has them now, with nothing remembered."""
    return User.objects.filter(pk=user.pk).first() or User(is_active=False)


def _is_signed_in(request: HttpRequest) -> bool:
    session: SessionBase = request.session
    return session.session_key is None or session.exists(session.session_key)
