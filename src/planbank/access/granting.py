"""Giving rights: grants given, confirmed, renewed, revoked (R46 to R49, R54, R213).

Comes in: an act and what is to be given. Goes out: rows and journal entries, or AccessError in words. The
rules that no page may forget stand here: nobody raises their own rights, nobody gives more than they
may, a protocol with four eyes wants a second person, the last key user does not leave unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.access.models import Grant, Renewal
from planbank.access.queries.holders import key_users
from planbank.access.queries.zones import zone_of
from planbank.access.roles import ROLES, SINGLE
from planbank.access.scopes import Scope
from planbank.access.standing import Path, standing_of
from planbank.errors import AccessError, ChangedMeanwhile
from planbank.people.models import Institution, User
from planbank.people.zones import end_in, last_day_in
from planbank.protocols.act import Act
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Project, Protocol

PERIOD = timedelta(days=365)
# The last day counts whole, also the one that is 25 hours long.
MOST = PERIOD + timedelta(hours=25)
UNDONE = timedelta(hours=1)


class LastKeyUser(AccessError):
    """Without this grant nobody runs the protocol."""


class HeldAlready(AccessError):
    """This person has exactly this already."""


@dataclass(frozen=True)
class Asked:
    """What is to be given; `institutions` None: of all. `until` None: 12 months."""

    role: str
    scope: Scope
    permission: str = ""
    see: See = See.NONE
    take_out: TakeOut = TakeOut.NONE
    institutions: tuple[Institution, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    reason: str = ""


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
    _journal(act, "give grant" if at_once else "propose grant", grant)
    return grant


def planned(act: Act, user: User, asked: Asked) -> Grant:
    """The grant as `give` would save it, to see first what it changes. Raises as `give`."""
    _check_shape(asked)
    _check_giver(act, user, asked)
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
        confirmed_at=None if _wants_second_person(act, asked.scope) else act.at,
    )


@transaction.atomic
def confirm(act: Act, grant: Grant) -> Grant:
    """The second person agrees (R54): neither who gave it nor who gets it."""
    row = _locked(grant)
    if act.user is None or act.user.pk in (row.user_id, row.granted_by_id):
        raise AccessError(_("A second person has to confirm it."))
    _check_giver(act, row.user, _asked(row))
    if row.confirmed_at is not None or row.revoked_at is not None:
        raise ChangedMeanwhile
    row.confirmed_at, row.confirmed_by = act.at, act.user
    row.save(update_fields=["confirmed_at", "confirmed_by"])
    _journal(act, "confirm grant", row)
    return row


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
        row = _locked(shown)
        after = until or full_period(row.user, act.at)
        if row.revoked_at is not None:
            raise AccessError(_("It was revoked. Give a new one."))
        if row.until != shown.until:
            raise ChangedMeanwhile
        _check_giver(act, row.user, _asked(row), "grant.renew")
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
        _journal(act, "renew grant", row)
        done += 1
    return done


@transaction.atomic
def revoke(act: Act, grant: Grant, reason: str, *, knowingly: bool = False) -> Grant:
    """End a grant now; the holder may end their own.

    Raises LastKeyUser where nobody would be left to run the protocol, unless `knowingly`: then it is
    journalled as such. Raises ChangedMeanwhile where it was revoked already.
    """
    row = _locked(grant)
    if row.revoked_at is not None:
        raise ChangedMeanwhile
    own = act.user is not None and act.user.pk == row.user_id
    if not own:
        _check_giver(act, row.user, _asked(row), "grant.revoke")
    last = is_last_key_user(row, act.at)
    if last and not knowingly:
        raise LastKeyUser
    row.revoked_at, row.revoked_by = act.at, act.user
    row.revoked_reason = reason.strip()[:200]
    row.save(update_fields=["revoked_at", "revoked_by", "revoked_reason"])
    _journal(act, "revoke grant", row, last_key_user=last)
    return row


@transaction.atomic
def restore(act: Act, grant: Grant) -> Grant:
    """Undo a revocation just made. Only who revoked it, within the hour, and not one's own.

    Raises AccessError; ChangedMeanwhile where it is not revoked any more.
    """
    row = _locked(grant)
    if row.revoked_at is None:
        raise ChangedMeanwhile
    if act.user is None or row.revoked_by_id != act.user.pk or act.at - row.revoked_at > UNDONE:
        raise AccessError(_("It was revoked. Give a new one."))
    _check_giver(act, row.user, _asked(row))
    row.revoked_at, row.revoked_by, row.revoked_reason = None, None, ""
    row.save(update_fields=["revoked_at", "revoked_by", "revoked_reason"])
    _journal(act, "restore grant", row)
    return row


@transaction.atomic
def let_end(act: Act, grant: Grant) -> Grant:
    """Decide that a grant may end on its day, so that nobody is asked to renew it.

    Who may renew decides it. Nothing else changes: it holds until its day, its holder is reminded, and a
    renewal undoes it. Raises AccessError; ChangedMeanwhile where it was renewed, revoked or decided.
    """
    row = _locked(grant)
    if row.revoked_at is not None or row.until != grant.until or row.let_end_at is not None:
        raise ChangedMeanwhile
    _check_giver(act, row.user, _asked(row), "grant.renew")
    row.let_end_at, row.let_end_by = act.at, act.user
    row.save(update_fields=["let_end_at", "let_end_by"])
    _journal(act, "let grant end", row)
    return row


@transaction.atomic
def ask_again(act: Act, grant: Grant) -> Grant:
    """Take back `let_end`. Raises AccessError; ChangedMeanwhile where that is not so any more."""
    row = _locked(grant)
    if row.revoked_at is not None or row.let_end_at is None:
        raise ChangedMeanwhile
    _check_giver(act, row.user, _asked(row), "grant.renew")
    row.let_end_at, row.let_end_by = None, None
    row.save(update_fields=["let_end_at", "let_end_by"])
    _journal(act, "ask about grant again", row)
    return row


def full_period(user: User, since: datetime) -> datetime:
    """Twelve months on, to the end of that day where the person works."""
    zone = zone_of(user.pk, since)
    return min(end_in(last_day_in(since + PERIOD, zone), zone), since + MOST)


def may_renew(act: Act, grant: Grant) -> bool:
    """Whether this act's person may renew the grant: for a button, not instead of asking at the act."""
    if grant.revoked_at is not None:
        return False
    try:
        _check_giver(act, grant.user, _asked(grant), "grant.renew")
    except AccessError:
        return False
    return True


def is_last_key_user(grant: Grant, at: datetime) -> bool:
    """Whether nobody else runs the protocol or project of this key user's grant."""
    if grant.role != "key-user" or not Grant.objects.in_force(at).filter(pk=grant.pk).exists():
        return False
    return not key_users(Scope(grant.scope_kind, grant.scope_id), at).exclude(pk=grant.user_id).exists()


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


def _asked(row: Grant) -> Asked:
    scope = Scope(row.scope_kind, row.scope_id)
    return Asked(row.role, scope, row.permission, See(row.see), TakeOut(row.take_out))


def _check_shape(asked: Asked) -> None:
    """What no giver could give."""
    if asked.permission:
        if asked.role or asked.permission not in SINGLE or asked.scope.kind != "protocol":
            raise AccessError(_("This permission is not given by itself."))
        levels = False
    else:
        role = ROLES.get(asked.role)
        if role is None or asked.scope.kind not in role.scopes:
            raise AccessError(_("This role is not given here."))
        levels = role.levels
    if not levels and (asked.see or asked.take_out):
        raise AccessError(_("This role carries no levels."))
    if asked.take_out == TakeOut.RAW and asked.see != See.IDENTIFIED:
        raise AccessError(_("To take out files as received, a person has to see identities."))
    model = {"protocol": Protocol, "project": Project}.get(asked.scope.kind)
    if model is not None and not model._default_manager.filter(pk=asked.scope.id).exists():
        raise AccessError(_("There is no such protocol or project."))


def _check_giver(act: Act, user: User, asked: Asked, action: str = "grant.give") -> None:
    """Nobody raises their own rights; nobody gives what they may not. The command line may all."""
    if act.user is None:
        return
    if act.user.pk == user.pk:
        raise AccessError(_("Nobody gives or renews their own permissions."))
    if not act.user.is_active:
        raise AccessError(_("You may not give this."))
    by = _givers(act, user, asked, action)
    if not by:
        raise AccessError(_("You may not give this."))
    if any(path.role == "system-admin" for path in by):
        return
    if max(path.see for path in by) < asked.see or max(path.take_out for path in by) < asked.take_out:
        raise AccessError(_("You cannot give a higher level than you have here yourself."))


def _givers(act: Act, user: User, asked: Asked, action: str) -> list[Path]:
    """The giver's paths that let them: by role in the scope, or as the person's administrator."""
    assert act.user is not None
    role = ROLES.get(asked.role)
    allowed = role.given_by if role else ("system-admin", "key-user")
    standing = standing_of(act.user)
    found = [p for p in standing.in_force(action, act.at, asked.scope) if p.role in allowed]
    if found or "institution-admin" not in allowed:
        return found
    theirs = standing_of(user).own_institutions(act.at)
    admins = standing.in_force(action, act.at)
    return [p for p in admins if p.role == "institution-admin" and p.scope.id in theirs]


def _wants_second_person(act: Act, scope: Scope) -> bool:
    if act.user is None or scope.kind != "protocol":
        return False
    return Protocol.objects.filter(pk=scope.id, four_eyes=True).exists()


def _locked(grant: Grant) -> Grant:
    return Grant.objects.select_for_update().select_related("user").get(pk=grant.pk)


def _journal(act: Act, action: str, grant: Grant, **detail: object) -> None:
    protocol = ""
    if grant.scope_kind == "protocol":
        names = Protocol.objects.filter(pk=grant.scope_id).values_list("short_name", flat=True)
        protocol = names.first() or ""
    act.journal(
        action,
        object_kind="grant",
        object_id=grant.pk,
        protocol=protocol,
        holder=grant.user.username,
        role=grant.role or grant.permission,
        scope=f"{grant.scope_kind} {grant.scope_id}",
        see=See(grant.see).name.lower(),
        take_out=TakeOut(grant.take_out).name.lower(),
        until=grant.until.isoformat(),
        reason=grant.revoked_reason or grant.reason,
        **detail,
    )
