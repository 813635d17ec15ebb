"""Saying who works for an institution: affiliations given, renewed, changed, ended (R11, R48, R49, R213).

Comes in: an act, a person, an institution. Goes out: rows and journal entries, or AccessError in words.
An affiliation shows all of an institution's data, so the institution's own administrator gives it, to
others, for at most 12 months. A system administrator names an administrator only where there is no
other: for a new institution, or when its last one is about to lapse. The command line may all.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from planbank.access.scopes import Scope
from planbank.access.standing import standing_of
from planbank.errors import AccessError, ChangedMeanwhile
from planbank.people.models import Affiliation, Institution, User
from planbank.people.zones import end_of, today
from planbank.protocols.act import Act

# 365 days and the rest of the last one, which counts whole.
PERIOD = timedelta(days=365)


class LastAdmin(AccessError):
    """Without this person nobody administers it."""


def usual_end(at: datetime, institution: Institution) -> datetime:
    """12 months from now: the end of that day, at the institution."""
    return end_of(today(at, institution) + PERIOD, institution)


@transaction.atomic
def affiliate(
    act: Act,
    user: User,
    institution: Institution,
    *,
    is_admin: bool = False,
    until: datetime | None = None,
    reason: str = "",
) -> Affiliation:
    """Let a person work for an institution from now on, 12 months unless said.

    Raises AccessError where the giver may not, or the person works there already.
    """
    _lock(user, institution)
    check_giver(act, user, institution, is_admin)
    if Affiliation.objects.not_over(act.at).filter(user=user, institution=institution).exists():
        said = {"name": user.name, "code": institution.code}
        raise AccessError(_("%(name)s works for %(code)s already. Renew that instead.") % said)
    row = Affiliation.objects.create(
        user=user,
        institution=institution,
        is_admin=is_admin,
        since=act.at,
        until=_end(act, institution, until),
        granted_by=act.user,
        reason=reason.strip()[:200],
    )
    _journal(act, "give affiliation", row)
    return row


@transaction.atomic
def change_affiliation(
    act: Act, row: Affiliation, seen: int, *, is_admin: bool, until: datetime | None, reason: str = ""
) -> Affiliation:
    """Renew or shorten one that is not over, and say whether the person administers the institution.

    Raises AccessError, LastAdmin where nobody would be left to administer it, and ChangedMeanwhile.
    """
    _lock(row.user, row.institution)
    check_giver(act, row.user, row.institution, is_admin)
    if row.until is not None and row.until <= act.at:
        raise AccessError(_("It is over. Give a new one."))
    end = row.until if until is not None and until == row.until else _end(act, row.institution, until)
    if not is_admin:
        check_not_last(row, act.at)
    row.change(seen, is_admin=is_admin, until=end, reason=reason.strip()[:200])
    _journal(act, "change affiliation", row)
    return row


@transaction.atomic
def end_affiliation(act: Act, row: Affiliation, seen: int, reason: str) -> Affiliation:
    """End it now: at the next request the person sees nothing of the institution any more.

    Who works somewhere may end that themselves. Raises AccessError, LastAdmin and ChangedMeanwhile.
    """
    _lock(row.user, row.institution)
    if act.user is None or act.user.pk != row.user_id:
        check_giver(act, row.user, row.institution, row.is_admin)
    if row.until is not None and row.until <= act.at:
        raise ChangedMeanwhile
    check_not_last(row, act.at)
    # One that has not begun never holds; its dates stay in order.
    row.change(seen, until=max(act.at, row.since), reason=reason.strip()[:200])
    _journal(act, "end affiliation", row)
    return row


def check_giver(act: Act, user: User, institution: Institution, is_admin: bool) -> None:
    """Raise AccessError unless this giver may say that `user` works for the institution."""
    if act.user is None:
        return
    if act.user.pk == user.pk:
        raise AccessError(_("Nobody gives or renews their own permissions."))
    paths = standing_of(act.user).in_force("affiliation.give", act.at, Scope("institution", institution.pk))
    roles = {path.role for path in paths} if act.user.is_active else set()
    if "institution-admin" in roles:
        return
    if "system-admin" not in roles:
        raise AccessError(_("You may not give this."))
    if not is_admin or admins_of(institution, act.at).exclude(user=user).exists():
        said = {"code": institution.code}
        raise AccessError(
            _(
                "Only an administrator of %(code)s says who works there. "
                "You can name its administrator, where it has no other."
            )
            % said
        )


def may_change(act: Act, institution: Institution) -> Callable[[Affiliation], bool]:
    """For rows of one institution: whether who acts may change one. Two questions, however many rows."""
    if act.user is None:
        return lambda row: True
    scope = Scope("institution", institution.pk)
    roles = {path.role for path in standing_of(act.user).in_force("affiliation.give", act.at, scope)}
    admins = set(admins_of(institution, act.at).values_list("user", flat=True))
    own = act.user.pk
    if "institution-admin" in roles:
        return lambda row: row.user_id != own
    return lambda row: "system-admin" in roles and row.user_id != own and not admins - {row.user_id}


def check_not_last(row: Affiliation, at: datetime) -> None:
    """Raise LastAdmin where this row's person is the only one who administers the institution now."""
    if not row.is_admin or not row.institution.is_active:
        return
    admins = admins_of(row.institution, at)
    if admins.filter(pk=row.pk).exists() and not admins.exclude(user=row.user_id).exists():
        said = {"name": row.user.name, "code": row.institution.code}
        raise LastAdmin(_("%(name)s is the last administrator of %(code)s. Name another one first.") % said)


def admins_of(institution: Institution, at: datetime) -> QuerySet[Affiliation]:
    """The affiliations of those who administer an institution now and can sign in."""
    rows = Affiliation.objects.in_force(at)
    return rows.filter(institution=institution, is_admin=True, user__is_active=True)


def _end(act: Act, institution: Institution, until: datetime | None) -> datetime:
    latest = usual_end(act.at, institution)
    end = until or latest
    if not act.at < end <= latest:
        raise AccessError(_("The last day lies between today and 12 months from now."))
    return end


def _lock(user: User, institution: Institution) -> None:
    """One after the other for an institution and for a person: what is checked here stays so."""
    list(Institution.objects.select_for_update().filter(pk=institution.pk).values_list("pk"))
    list(User.objects.select_for_update().filter(pk=user.pk).values_list("pk"))


def _journal(act: Act, action: str, row: Affiliation) -> None:
    act.journal(
        action,
        object_kind="affiliation",
        object_id=row.pk,
        institution=row.institution.code,
        holder=row.user.username,
        is_admin=row.is_admin,
        until=row.until.isoformat() if row.until else "",
        reason=row.reason,
    )
