"""An act: who does something, and when.

Comes in: a user or a service, and the time from house.clock. Goes out: the first argument of every
verb of this room, the actor of its journal entry and the columns `..._by` and `..._at` of its rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from planbank.journal.record import Actor, record
from planbank.people.models import User


@dataclass(frozen=True)
class Act:
    """Who acts, and when; `user` is empty for a service or a command."""

    at: datetime
    actor: Actor
    user: User | None = None

    @classmethod
    def of(cls, user: User, at: datetime) -> Act:
        """An act of a person."""
        return cls(at, Actor("user", user.username), user)

    @classmethod
    def of_service(cls, name: str, at: datetime) -> Act:
        """An act of a service."""
        return cls(at, Actor("service", name))

    @classmethod
    def of_command(cls, name: str, at: datetime) -> Act:
        """An act of the command line."""
        return cls(at, Actor("command", name))

    def journal(self, action: str, **what: Any) -> None:
        """One journal entry, in the transaction of the act itself."""
        record(self.actor, action, self.at, **what)
