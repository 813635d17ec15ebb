"""What somebody may register of a protocol's participants (R45): for the form, a table and the API alike.

Comes in: a person, a protocol, an act. Goes out: the roster by which planbank.protocols.roster reads.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from planbank.access.listing import centres_in_reach
from planbank.access.scopes import Scope
from planbank.access.standing import standing_of
from planbank.catalogue.identities import patient_of
from planbank.people.models import Institution, User
from planbank.protocols.act import Act
from planbank.protocols.attributes import Unfit
from planbank.protocols.models import Participation, Protocol
from planbank.protocols.roster.wishes import Finder, Roster


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
