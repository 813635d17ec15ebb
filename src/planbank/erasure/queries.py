"""Erasures and withdrawals as lists.

Comes in: a person and a time. Goes out: the erasures they have a part in; the patients of a protocol with
how they stand there.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When

from planbank.access.listing import centres_in_reach
from planbank.access.roles import Reach
from planbank.access.scopes import Scope
from planbank.access.standing import standing_of
from planbank.erasure.allowed import SECOND
from planbank.erasure.models import Erasure
from planbank.people.models import User
from planbank.protocols.models import Enrolment, Membership, Participant, Protocol

SEEN, DECIDE = "erase.view", "erase.decide"
State = Erasure.State


def erasures_seen(user: User, at: datetime, action: str = SEEN) -> QuerySet[Erasure]:
    """Erasures of the protocols in which `action` is allowed, as far as each grant reaches; or all."""
    if not user.is_active:
        return Erasure.objects.none()
    found = Q(pk__in=[])
    for path in standing_of(user).in_force(action, at):
        if path.actions[action] is Reach.SITE:
            return Erasure.objects.all()
        if path.scope.kind != "protocol":
            continue  # a project's number says nothing of the protocol that has the same
        way = Q(protocol=path.scope.id)
        found |= way if path.institutions is None else way & Q(institution__in=path.institutions)
    return Erasure.objects.filter(found)


def needing(user: User, at: datetime) -> QuerySet[Erasure]:
    """Erasures that wait for this person: to decide, or as the second one."""
    standing = standing_of(user)
    waiting = Q(pk__in=[])
    if standing.in_force(DECIDE, at):
        waiting |= Q(state=State.ASKED, pk__in=erasures_seen(user, at, DECIDE).values("pk"))
    if standing.in_force(SECOND, at):
        waiting |= Q(state=State.DECIDED) & ~Q(asked_by=user) & ~Q(decided_by=user)
    return Erasure.objects.filter(waiting)


def patients_of(user: User, protocol: Protocol, at: datetime) -> QuerySet[Enrolment]:
    """The patients of a protocol that `user` may see the withdrawals of.

    Each row has `trial_id` and `waits` (0 while its 14 days run, 1 restricted, 2 otherwise): the order.
    """
    rows = Enrolment.objects.filter(protocol=protocol)
    reach = centres_in_reach(user, SEEN, at, Scope.of(protocol))
    if reach is not None:
        theirs = Membership.objects.filter(
            protocol=protocol, institution__in=reach, patient_file__patient=OuterRef("patient")
        )
        rows = rows.filter(Exists(theirs))
    trial = Participant.objects.filter(protocol=protocol, patient=OuterRef("patient")).order_by("pk")
    waits = Case(
        When(delete_after__isnull=False, then=Value(0)),
        When(state=Enrolment.State.RESTRICTED, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    rows = rows.annotate(trial_id=Subquery(trial.values("trial_id")[:1]), waits=waits)
    return rows.order_by("waits", F("delete_after").asc(nulls_last=True), "pseudonym", "pk")
