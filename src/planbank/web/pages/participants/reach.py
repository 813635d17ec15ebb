"""Which participants somebody sees and registers, and whether they may say who one is.

Comes in: a request and a protocol. Goes out: institutions, and the roster of this person.
"""

from __future__ import annotations

from django.http import HttpRequest

from planbank.access.listing import centres_in_reach
from planbank.access.scopes import Scope
from planbank.protocols.models import Protocol
from planbank.protocols.roster.wishes import Roster
from planbank.reach.roster import roster_for
from planbank.web.acting import act_of, user_of
from planbank.web.pages import house_of


def seen_centres(request: HttpRequest, protocol: Protocol, action: str) -> set[int] | None:
    """The institutions on whose participants this person may do `action`; None: all."""
    return centres_in_reach(
        user_of(request), action, house_of(request).clock.now(), Scope("protocol", protocol.pk)
    )


def roster_of(request: HttpRequest, protocol: Protocol) -> Roster:
    """What this person may register."""
    return roster_for(user_of(request), protocol, act_of(request))
