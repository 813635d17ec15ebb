"""What the pages of a protocol's data share: who reads, at which centres, the journal.

Comes in: a request and a protocol. Goes out: a Reader held to the protocol, veiled at the level of the grant.
"""

from __future__ import annotations

from django.http import HttpRequest

from planbank.access.listing import centres_in_reach
from planbank.access.policy import institutions_of, may
from planbank.access.scopes import Scope
from planbank.people.models import Institution
from planbank.protocols.models import Membership, Protocol
from planbank.reach import Reader
from planbank.web.acting import user_of
from planbank.web.pages import house_of
from planbank.web.reach import note


def reader_in(request: HttpRequest, protocol: Protocol) -> Reader:
    """Who reads, held to the protocol."""
    return Reader(user_of(request), house_of(request).clock.now(), Scope("protocol", protocol.pk))


def centres(request: HttpRequest, protocol: Protocol) -> set[int] | None:
    """The institutions whose data here this person sees; None: all."""
    now, user = house_of(request).clock.now(), user_of(request)
    found = centres_in_reach(user, "data.view", now, Scope("protocol", protocol.pk))
    return None if found is None else found | {row.pk for row in institutions_of(user, now)}


def codes(request: HttpRequest, protocol: Protocol) -> list[str]:
    """The same, as codes of those that have something here."""
    seen = centres(request, protocol)
    there = Membership.objects.filter(protocol=protocol).values("institution")
    rows = Institution.objects.filter(pk__in=there).order_by("code")
    return [row.code for row in rows if seen is None or row.pk in seen]


def may_remove(request: HttpRequest, protocol: Protocol) -> bool:
    """Whether this person takes data out of the protocol at all."""
    now = house_of(request).clock.now()
    return bool(may(request.user, "data.remove", now, Scope("protocol", protocol.pk)))


def removable(request: HttpRequest, protocol: Protocol) -> set[int] | None:
    """The institutions whose data this person takes out of the protocol; None: all."""
    now = house_of(request).clock.now()
    return centres_in_reach(user_of(request), "data.remove", now, Scope("protocol", protocol.pk))


def journal(request: HttpRequest, protocol: Protocol, what: str, out: bool, filters: list[str]) -> None:
    """A list looked through or taken out; what was searched for is not told: it may be a name."""
    action = "take out list" if out else "view"
    note(request, action, object_kind=what, protocol=protocol.short_name, filters=filters)
