"""Ending a grant now, and undoing that (R48).

Comes in: an act, a grant, why. Goes out: the row. Raises AccessError in words; the last key user of a
protocol does not leave unnoticed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.access.granting.asked import asked_of
from planbank.access.granting.record import locked, note
from planbank.access.granting.rules import check_giver
from planbank.access.models import Grant
from planbank.access.queries.holders import key_users
from planbank.access.scopes import Scope
from planbank.errors import AccessError, ChangedMeanwhile
from planbank.protocols.act import Act

UNDONE = timedelta(hours=1)


class LastKeyUser(AccessError):
    """Without this grant nobody runs the protocol."""


@transaction.atomic
def revoke(act: Act, grant: Grant, reason: str, *, knowingly: bool = False) -> Grant:
    """End a grant now; the holder may end their own.

    Raises LastKeyUser where nobody would be left to run the protocol, unless `knowingly`: then it is
    journalled as such. Raises ChangedMeanwhile where it was revoked already.
    """
    row = locked(grant)
    if row.revoked_at is not None:
        raise ChangedMeanwhile
    own = act.user is not None and act.user.pk == row.user_id
    if not own:
        check_giver(act, row.user, asked_of(row), "grant.revoke")
    last = is_last_key_user(row, act.at)
    if last and not knowingly:
        raise LastKeyUser
    row.revoked_at, row.revoked_by = act.at, act.user
    row.revoked_reason = reason.strip()[:200]
    row.save(update_fields=["revoked_at", "revoked_by", "revoked_reason"])
    note(act, "revoke grant", row, last_key_user=last)
    return row


@transaction.atomic
def restore(act: Act, grant: Grant) -> Grant:
    """Undo a revocation just made. Only who revoked it, within the hour, and not one's own.

    Raises AccessError; ChangedMeanwhile where it is not revoked any more.
    """
    row = locked(grant)
    if row.revoked_at is None:
        raise ChangedMeanwhile
    if act.user is None or row.revoked_by_id != act.user.pk or act.at - row.revoked_at > UNDONE:
        raise AccessError(_("It was revoked. Give a new one."))
    check_giver(act, row.user, asked_of(row))
    row.revoked_at, row.revoked_by, row.revoked_reason = None, None, ""
    row.save(update_fields=["revoked_at", "revoked_by", "revoked_reason"])
    note(act, "restore grant", row)
    return row


def is_last_key_user(grant: Grant, at: datetime) -> bool:
    """Whether nobody else runs the protocol or project of this key user's grant."""
    if grant.role != "key-user" or not Grant.objects.in_force(at).filter(pk=grant.pk).exists():
        return False
    return not key_users(Scope(grant.scope_kind, grant.scope_id), at).exclude(pk=grant.user_id).exists()
