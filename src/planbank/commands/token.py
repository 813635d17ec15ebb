"""`planbank token`: a token of the API for a person, shown once.

Comes in: a username, what the token is held to, a purpose. Goes out: the token on standard output
alone, so that a pipe takes nothing else; words on standard error. Exit code 2 for what cannot be.
"""

from __future__ import annotations

import sys

from planbank.access.scopes import Scope
from planbank.access.tokens import issue
from planbank.errors import TokenRefused
from planbank.house import House
from planbank.journal.record import Actor
from planbank.people.models import Institution, User
from planbank.protocols.models import Project, Protocol


def run(
    house: House,
    username: str,
    *,
    protocol: str,
    project: str,
    institution: str,
    purpose: str,
    days: int,
    may_write: bool = False,
) -> int:
    """Make one token."""
    user = User.objects.filter(username=username).first()
    if user is None:
        return _no(f"There is no user {username}.")
    named = [name for name in (protocol, project, institution) if name]
    if len(named) > 1:
        return _no("A token is held to one protocol, project or institution.")
    scope = None
    if named:
        rows = (
            (protocol, Protocol.objects.filter(short_name=protocol)),
            (project, Project.objects.filter(short_name=project)),
            (institution, Institution.objects.filter(code=institution)),
        )
        row = next(found.first() for name, found in rows if name)
        if row is None:
            return _no(f"There is no {named[0]}.")
        scope = Scope.of(row)
    actor = Actor("command", "planbank token")
    try:
        token, text = issue(
            user,
            name="command line",
            scope=scope,
            purpose=purpose,
            days=days,
            actor=actor,
            at=house.clock.now(),
            may_write=may_write,
        )
    except TokenRefused as exc:
        return _no(str(exc))
    what = "reads and writes" if may_write else "reads only"
    until = f"{token.until:%Y-%m-%d}"
    sys.stderr.write(f"A token for {username} until {until}; it {what}. It is shown this once.\n")
    sys.stdout.write(f"{text}\n")
    return 0


def _no(words: str) -> int:
    sys.stderr.write(f"{words}\n")
    return 2
