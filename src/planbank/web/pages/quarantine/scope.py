"""Whose quarantine is whose (model.md, Quarantine).

Comes in: a person and the time. Goes out: the rows they may see, and those they may decide about.
What no institution is known for is the system administrator's, who sees no content; what an
institution's own sender sent is that institution's people's, who know the patient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from planbank.access.policy import institutions_of, may, visible
from planbank.catalogue.models import QuarantinedParcel
from planbank.catalogue.quarantine import DELETE, RELEASE
from planbank.catalogue.quarantine_words import SENDER_REASONS
from planbank.journal.models import Entry

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from planbank.people.models import User

SITE, OWN = "quarantine.decide", "quarantine.decide-own"
_NOBODYS = Q(institution=None) | Q(reason__in=SENDER_REASONS)
_ABOUT_SENDERS = Q(reason__in=SENDER_REASONS)


def unknown_senders(user: User, at: datetime) -> QuerySet[QuarantinedParcel]:
    """What came from senders that nobody registered: the system administrator's."""
    rows = QuarantinedParcel.objects.filter(_ABOUT_SENDERS)
    return rows if may(user, SITE, at) else rows.none()


def unclear_files(user: User, at: datetime) -> QuerySet[QuarantinedParcel]:
    """What could not be read: one's own institutions'; where none is known, the administrator's."""
    rows = QuarantinedParcel.objects.exclude(_ABOUT_SENDERS)
    own = visible(user, "quarantine.view", rows, institution="institution", at=at)
    return own | rows.filter(institution=None) if may(user, SITE, at) else own


def decidable(user: User, at: datetime) -> QuerySet[QuarantinedParcel]:
    """What this person may release or delete, in whatever state it is."""
    rows = QuarantinedParcel.objects.all()
    found = rows.filter(_NOBODYS) if may(user, SITE, at) else rows.none()
    # Nobody holds OWN until access declares it; an undeclared action is nobody's.
    if may(user, OWN, at):
        own = rows.exclude(_ABOUT_SENDERS)
        found = found | visible(user, OWN, own, institution="institution", at=at)
    return found


def decisions(user: User, at: datetime) -> QuerySet[Entry]:
    """The journal's entries of decisions, newest first: all, or those about one's own institutions."""
    rows = Entry.objects.filter(action__in=[RELEASE, DELETE]).order_by("-pk")
    if may(user, SITE, at):
        return rows
    return rows.filter(institution__in=institutions_of(user, at).values("code"))
