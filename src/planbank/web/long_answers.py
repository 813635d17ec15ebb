"""Answers that are written in portions end when what they rest on ends (R190; security.md, expired grant).

Comes in: a request whose rights were checked, and the portions of its answer. Goes out: the same portions,
until a permission lapses, is revoked or narrowed, a protocol closes, the account is switched off or the
session ended. Then the connection is broken off, so that nobody takes the part for the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from planbank.access.holding import while_held
from planbank.people.models import User


def guarded(request: HttpRequest, user: User, pieces: Iterable[Any]) -> Iterator[Any]:
    """The pieces, as long as what held when the first was asked for still holds. Raises AnswerEnded."""
    clock = request.house.clock  # type: ignore[attr-defined]
    return while_held(clock, user, pieces, lambda _now: _is_signed_in(request))


def _is_signed_in(request: HttpRequest) -> bool:
    session: SessionBase = request.session
    return session.session_key is None or session.exists(session.session_key)
