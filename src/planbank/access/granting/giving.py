"""Giving a grant, and confirming it as the second person (R46, R47, R54).

Comes in: an act, who gets it, what is asked. Goes out: the row. Raises AccessError in words.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.access.granting.asked import MOST, Asked, asked_of, full_period
from planbank.access.granting.record import locked, note
from planbank.access.granting.rules import check_giver, check_shape, wants_second_person
from planbank.access.models import Grant
from planbank.access.queries.zones import zone_of
from planbank.errors import AccessError, ChangedMeanwhile
from planbank.people.models import User
from planbank.people.zones import last_day_in
from planbank.protocols.act import Act


class HeldAlready(AccessError):
    """This person has exactly this already."""


@transaction.atomic
def give(act: Act, user: User, asked: Asked) -> Grant:
    """Give a grant. It holds at once, or where the protocol has four eyes after `confirm`.

    Raises AccessError where the giver may not, for a role that is not given there, and for levels
    that the role does not carry or the giver does not have.
    """
    grant = planned(act, user, asked)
    # One after the other for one person, so that a form sent twice is one grant.
    User.objects.select_for_update().get(pk=user.pk)
    if (alike := _held_already(grant, asked)) is not None:
        day = last_day_in(alike.until, zone_of(user.pk, act.at))
        raise HeldAlready(
            _("%(name)s has exactly this already, until %(day)s.") % {"name": user.name, "day": day}
        )
    at_once = grant.confirmed_at is not None
    grant.save(force_insert=True)
    grant.institutions.set(asked.institutions or ())
    note(act, "give grant" if at_once else "propose grant", grant)
    return grant


def planned(act: Act, user: User, asked: Asked) -> Grant:
    """The grant as `give` would save it, to see first what it changes. Raises as `give`."""
    check_shape(asked)
    check_giver(act, user, asked)
    if not user.is_active:
        raise AccessError(_("This account is switched off."))
    if asked.institutions is not None and not asked.institutions:
        raise AccessError(_("Name at least one institution, or give it for all."))
    since = max(asked.since or act.at, act.at)
    until = asked.until or full_period(user, since)
    if not since < until <= since + MOST:
        raise AccessError(_("A permission lasts at most 12 months."))
    return Grant(
        user=user,
        role=asked.role,
        permission=asked.permission,
        scope_kind=asked.scope.kind,
        scope_id=asked.scope.id,
        every_institution=asked.institutions is None,
        see=asked.see,
        take_out=asked.take_out,
        since=since,
        until=until,
        granted_at=act.at,
        granted_by=act.user,
        reason=asked.reason.strip()[:200],
        confirmed_at=None if wants_second_person(act, asked.scope) else act.at,
    )


@transaction.atomic
def confirm(act: Act, grant: Grant) -> Grant:
    """The second person agrees (R54): neither who gave it nor who gets it."""
    row = locked(grant)
    if act.user is None or act.user.pk in (row.user_id, row.granted_by_id):
        raise AccessError(_("A second person has to confirm it."))
    check_giver(act, row.user, asked_of(row))
    if row.confirmed_at is not None or row.revoked_at is not None:
        raise ChangedMeanwhile
    row.confirmed_at, row.confirmed_by = act.at, act.user
    row.save(update_fields=["confirmed_at", "confirmed_by"])
    note(act, "confirm grant", row)
    return row


def _held_already(grant: Grant, asked: Asked) -> Grant | None:
    """A grant that is the same in all but its dates and has not ended."""
    alike = Grant.objects.filter(
        user=grant.user,
        role=grant.role,
        permission=grant.permission,
        scope_kind=grant.scope_kind,
        scope_id=grant.scope_id,
        every_institution=grant.every_institution,
        see=grant.see,
        take_out=grant.take_out,
        until__gt=grant.since,
        revoked_at__isnull=True,
    )
    wanted = {row.pk for row in asked.institutions or ()}
    for row in alike.prefetch_related("institutions"):
        if {one.pk for one in row.institutions.all()} == wanted:
            return row
    return None
