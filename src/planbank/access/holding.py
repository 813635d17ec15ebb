"""What an answer rests on while it takes long (R190).

Comes in: a user, a time. Goes out: everything the user holds in force then, and a mark of it. Rights are
asked at every request; an answer that is written in portions, or read page by page, rests on what held when
it began. If that is not so any more, something lapsed, was revoked, closed or narrowed, and what was begun is
not gone on with: it would be cut short without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TypeVar

from planbank.access.standing import Container, Path, standing_of
from planbank.errors import AnswerEnded
from planbank.house import Clock
from planbank.journal.record import Actor, record
from planbank.people.models import User

DIGITS = 12
# Asked anew before each portion of so many pieces, and as soon as the clock moved on by a second.
PIECES, PAUSE = 500, timedelta(seconds=1)
Piece = TypeVar("Piece")


def held_by(user: User, at: datetime) -> frozenset[str]:
    """Each path in force, with all that says how far it reaches; nothing for an account that is off."""
    if not user.is_active:
        return frozenset()
    paths = standing_of(user).paths
    return frozenset(repr(_told(path, at)) for path in paths if path.state(at) == "in force")


def mark_of(user: User, at: datetime) -> str:
    """Twelve hexadecimal digits that stand for all that `user` holds in force at a time."""
    return sha256("\n".join(sorted(held_by(user, at))).encode()).hexdigest()[:DIGITS]


def while_held(
    clock: Clock, user: User, pieces: Iterable[Piece], also: Callable[[datetime], bool]
) -> Iterator[Piece]:
    """The pieces, as long as what held when the first was asked for still holds, and `also` says yes.

    Raises AnswerEnded, so that nobody takes the part for the whole.
    """
    asked = clock.now()
    began = held_by(_fresh(user), asked)
    for number, piece in enumerate(pieces):
        now = clock.now()
        if number % PIECES == PIECES - 1 or now - asked >= PAUSE:
            asked = now
            if not began <= held_by(_fresh(user), now) or not also(now):
                record(Actor("user", user.username), "answer broken off", now, outcome="refused")
                raise AnswerEnded
        yield piece


def _fresh(user: User) -> User:
    """The person as the database has them now, with nothing remembered."""
    return User.objects.filter(pk=user.pk).first() or User(is_active=False)


def _told(path: Path, at: datetime) -> tuple[object, ...]:
    return (
        path.source,
        path.source_id,
        path.role,
        path.scope,
        None if path.institutions is None else sorted(path.institutions),
        int(path.see),
        int(path.take_out),
        _open(path.protocol, at),
        _open(path.project, at),
        path.listed,
    )


def _open(where: Container | None, at: datetime) -> tuple[object, ...]:
    if where is None:
        return ()
    readable = where.readable_until is not None and where.readable_until > at
    return (where.kind, where.id, where.status, readable)
