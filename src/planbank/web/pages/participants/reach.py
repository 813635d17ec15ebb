"""Which participants somebody sees and registers, and whether they may say who one is.

Comes in: a request and a protocol. Goes out: the roster of planbank.protocols.roster for this person.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from planbank.access.listing import centres_in_reach
from planbank.access.policy import institutions_of
from planbank.access.scopes import Scope
from planbank.access.standing import standing_of
from planbank.catalogue.identities import patient_of
from planbank.people.models import Institution, User
from planbank.protocols.act import Act
from planbank.protocols.attributes import Unfit
from planbank.protocols.models import Participation, Protocol
from planbank.protocols.roster.wishes import Finder, Roster
from planbank.web.pages import house_of


def act_of(request: HttpRequest) -> Act:
    """This person, now."""
    return Act.of(user_of(request), house_of(request).clock.now())


def user_of(request: HttpRequest) -> User:
    """Who is signed in."""
    assert isinstance(request.user, User)
    return request.user


def seen_centres(request: HttpRequest, protocol: Protocol, action: str) -> set[int] | None:
    """The institutions on whose participants this person may do `action`; None: all."""
    return centres_in_reach(
        user_of(request), action, house_of(request).clock.now(), Scope("protocol", protocol.pk)
    )


def roster_of(request: HttpRequest, protocol: Protocol) -> Roster:
    """What this person may register."""
    return roster_for(user_of(request), protocol, act_of(request))


def roster_for(user: User, protocol: Protocol, act: Act) -> Roster:
    """What a person may register now; who a patient is, they say for their own institutions only."""
    allowed = centres_in_reach(user, "participant.edit", act.at, Scope("protocol", protocol.pk))
    centres = Institution.objects.filter(
        pk__in=Participation.objects.in_force(act.at).filter(protocol=protocol).values("institution")
    )
    if allowed is not None:
        centres = centres.filter(pk__in=allowed)
    own = standing_of(user).own_institutions(act.at)
    rows = {row.code: row for row in centres.order_by("code")}
    find: Finder | None = None
    if any(row.pk in own for row in rows.values()):

        def find(institution: Institution, number: str) -> int:
            if institution.pk not in own:
                raise Unfit(_("Only %(code)s says who its patients are.") % {"code": institution.code})
            return patient_of(institution, number, act.at)

    return Roster(list(protocol.attribute_types.all()), rows, find)


__all__ = ["act_of", "institutions_of", "roster_for", "roster_of", "seen_centres", "user_of"]
