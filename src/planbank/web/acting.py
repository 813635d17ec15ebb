"""The person of a request, and an act of theirs: the first argument of every verb.

Comes in: a request behind the sign-in. Goes out: its user; an `Act` at the time of the house.
"""

from __future__ import annotations

from django.http import HttpRequest

from planbank.people.models import User
from planbank.protocols.act import Act
from planbank.web.pages import house_of


def user_of(request: HttpRequest) -> User:
    """Who is signed in. Only pages that are not public may ask."""
    assert isinstance(request.user, User)
    return request.user


def act_of(request: HttpRequest) -> Act:
    """An act of this person, now."""
    return Act.of(user_of(request), house_of(request).clock.now())
