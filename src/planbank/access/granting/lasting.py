"""How long a grant goes on: renewed, or let end on its day (R49, R213).

Comes in: an act, grants as they were shown. Goes out: rows. Raises AccessError in words, ChangedMeanwhile
where one is not as it was shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.access.granting.asked import MOST, asked_of, full_period
from planbank.access.granting.record import locked, note
from planbank.access.granting.rules import check_giver
from planbank.access.models import Grant, Renewal
from planbank.errors import AccessError, ChangedMeanwhile
from planbank.protocols.act import Act


@transaction.atomic
def renew(act: Act, grants: Iterable[Grant], reason: str = "", until: datetime | None = None) -> int:
    """Renew for 12 months from now, or until a day before that; all of them or none. Also one that lapsed.

    Raises AccessError for one's own, for one that was revoked, and where the renewer may not; and
    ChangedMeanwhile where one was renewed since it was shown.
    """
    if until is not None and not act.at < until <= act.at + MOST:
        raise AccessError(_("A permission lasts at most 12 months."))
    done = 0
    for shown in grants:
        row = locked(shown)
        after = until or full_period(row.user, act.at)
        if row.revoked_at is not None:
            raise AccessError(_("It was revoked. Give a new one."))
        if row.until != shown.until:
            raise ChangedMeanwhile
        check_giver(act, row.user, asked_of(row), "grant.renew")
        Renewal.objects.create(
            grant=row,
            renewed_at=act.at,
            renewed_by=act.user,
            until_before=row.until,
            until_after=after,
            reason=reason.strip()[:200],
        )
        row.until = after
        row.let_end_at, row.let_end_by = None, None
        row.save(update_fields=["until", "let_end_at", "let_end_by"])
        note(act, "renew grant", row)
        done += 1
    return done


@transaction.atomic
def let_end(act: Act, grant: Grant) -> Grant:
    """Decide that a grant may end on its day, so that nobody is asked to renew it.

    Who may renew decides it. Nothing else changes: it holds until its day, its holder is reminded, and a
    renewal undoes it. Raises AccessError; ChangedMeanwhile where it was renewed, revoked or decided.
    """
    row = locked(grant)
    if row.revoked_at is not None or row.until != grant.until or row.let_end_at is not None:
        raise ChangedMeanwhile
    check_giver(act, row.user, asked_of(row), "grant.renew")
    row.let_end_at, row.let_end_by = act.at, act.user
    row.save(update_fields=["let_end_at", "let_end_by"])
    note(act, "let grant end", row)
    return row


@transaction.atomic
def ask_again(act: Act, grant: Grant) -> Grant:
    """Take back `let_end`. Raises AccessError; ChangedMeanwhile where that is not so any more."""
    row = locked(grant)
    if row.revoked_at is not None or row.let_end_at is None:
        raise ChangedMeanwhile
    check_giver(act, row.user, asked_of(row), "grant.renew")
    row.let_end_at, row.let_end_by = None, None
    row.save(update_fields=["let_end_at", "let_end_by"])
    note(act, "ask about grant again", row)
    return row


def may_renew(act: Act, grant: Grant) -> bool:
    """Whether this act's person may renew the grant: for a button, not instead of asking at the act."""
    if grant.revoked_at is not None:
        return False
    try:
        check_giver(act, grant.user, asked_of(grant), "grant.renew")
    except AccessError:
        return False
    return True
