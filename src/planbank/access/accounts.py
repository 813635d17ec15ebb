"""Accounts: made, changed, switched off and on (security.md, row 'user create/disable').

Comes in: an act and a person. Goes out: rows and journal entries, or AccessError in words. An account
alone shows nothing. Who administers an institution answers for the people who work there and nowhere
else; for all others the system administrator does. Never the last one of either kind goes unnoticed.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from planbank.access.affiliating import LastAdmin, check_not_last
from planbank.access.models import Token
from planbank.access.roles import Reach
from planbank.access.standing import standing_of
from planbank.access.tokens import revoke
from planbank.errors import AccessError
from planbank.people.models import Affiliation, Institution, User
from planbank.protocols.act import Act


@dataclass(frozen=True)
class Person:
    """What is known of somebody with an account."""

    username: str
    name: str
    email: str = ""
    language: str = ""
    is_site_admin: bool = False

    def columns(self) -> dict[str, Any]:
        """The columns of a User row."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def users_seen(user: User, at: datetime) -> QuerySet[User]:
    """Those whose account somebody may see: all, or who works or worked for one's own institutions."""
    if not user.is_active:
        return User.objects.none()
    paths = standing_of(user).in_force("user.view", at)
    if any(path.actions["user.view"] is Reach.SITE for path in paths):
        return User.objects.all()
    own = {path.scope.id for path in paths}
    return User.objects.filter(pk__in=Affiliation.objects.filter(institution__in=own).values("user"))


def governs(act: Act, user: User, action: str) -> bool:
    """Whether who acts answers for this whole account: `action` is user.create or user.disable.

    An administrator of an institution does for people who work only at institutions they administer.
    """
    if act.user is None:
        return True
    if not act.user.is_active:
        return False
    paths = standing_of(act.user).in_force(action, act.at)
    if any(path.actions[action] is Reach.SITE for path in paths):
        return True
    theirs = set(Affiliation.objects.not_over(act.at).filter(user=user).values_list("institution", flat=True))
    return not user.is_site_admin and bool(theirs) and theirs <= {path.scope.id for path in paths}


@transaction.atomic
def create(act: Act, person: Person) -> User:
    """Make an account without a password: its person sets one by a one-time link.

    Raises ValidationError (a name that is taken too) and AccessError.
    """
    if act.user is not None:
        paths = standing_of(act.user).in_force("user.create", act.at) if act.user.is_active else []
        if not paths or (person.is_site_admin and not any(p.role == "system-admin" for p in paths)):
            raise AccessError(_("You may not give this."))
    user = User(**person.columns())
    user.set_unusable_password()
    user.full_clean()
    _check_email(user)
    user.save()
    _journal(act, "make account", user, is_site_admin=user.is_site_admin)
    return user


@transaction.atomic
def change(act: Act, user: User, seen: int, person: Person) -> User:
    """Replace what is known of a person; their user name stays, for the journal names it.

    Raises ValidationError, AccessError, LastAdmin, and ChangedMeanwhile.
    """
    _check_governs(act, user, "user.create")
    values = person.columns() | {"username": user.username}
    if person.is_site_admin != user.is_site_admin:
        _check_site_admin(act, user)
    changed = sorted(name for name, value in values.items() if getattr(user, name) != value)
    tried = copy(user)
    for name, value in values.items():
        setattr(tried, name, value)
    tried.full_clean()
    if "email" in changed:
        _check_email(tried)
    user.change(seen, **values)
    if changed:
        _journal(act, "change account", user, changed=changed, is_site_admin=user.is_site_admin)
    return user


@transaction.atomic
def switch_off(act: Act, user: User, seen: int, reason: str = "") -> User:
    """Switch an account off and end its tokens. Sessions are ended by who calls (web/sessions.py).

    Raises AccessError for one's own account, LastAdmin, and ChangedMeanwhile.
    """
    _check_governs(act, user, "user.disable")
    if act.user is not None and act.user.pk == user.pk:
        raise AccessError(_("Nobody switches off their own account."))
    if user.is_site_admin:
        _check_another_site_admin(user)
    for row in Affiliation.objects.in_force(act.at).filter(user=user, is_admin=True):
        list(Institution.objects.select_for_update().filter(pk=row.institution_id).values("pk"))
        check_not_last(row, act.at)
    user.change(seen, is_active=False)
    ended = end_tokens(act, user)
    _journal(act, "switch account off", user, reason=reason.strip()[:200], tokens=ended)
    return user


@transaction.atomic
def switch_on(act: Act, user: User, seen: int) -> User:
    """Let somebody sign in again. What was ended stays ended: they sign in anew and make new tokens.

    Raises AccessError and ChangedMeanwhile.
    """
    _check_governs(act, user, "user.disable")
    user.change(seen, is_active=True)
    _journal(act, "switch account on", user)
    return user


def may_make_link(act: Act, user: User) -> bool:
    """Whether who acts may be shown a link that opens this account.

    Who makes a link could use it. So once an account was used only they may who see its data anyway: the
    administrators of its institutions, and the command line; a system administrator no more.
    """
    if not user.is_active or not governs(act, user, "user.create"):
        return False
    if act.user is None or user.last_login is None:
        return act.user is None or act.user.pk != user.pk
    theirs = set(Affiliation.objects.in_force(act.at).filter(user=user).values_list("institution", flat=True))
    own = {p.scope.id for p in standing_of(act.user).in_force("affiliation.give", act.at)}
    return not user.is_site_admin and bool(theirs) and theirs <= own and act.user.pk != user.pk


@transaction.atomic
def prepare_link(act: Act, user: User, *, unseen: bool = False) -> User:
    """Note that a one-time link is made; links made before end where no password was set yet.

    `unseen`: it goes to the person's own address, and who makes it does not see it. Raises AccessError.
    """
    fits = user.is_active and governs(act, user, "user.create") if unseen else may_make_link(act, user)
    if not fits:
        raise AccessError(_("You may not make a link for this account."))
    if not user.has_usable_password():
        user.set_unusable_password()
        user.save(update_fields=["password"])
    _journal(act, "make one-time link", user, **({"by": "mail"} if unseen else {}))
    return user


def end_tokens(act: Act, user: User) -> int:
    """End all tokens of a person that are in force; how many."""
    rows = list(Token.objects.filter(user=user, revoked_at__isnull=True, until__gt=act.at))
    for row in rows:
        revoke(row, act.actor, act.at)
    return len(rows)


def _check_governs(act: Act, user: User, action: str) -> None:
    if not governs(act, user, action):
        raise AccessError(_("This person works elsewhere too. End their work for your institution instead."))


def _check_site_admin(act: Act, user: User) -> None:
    """Only a system administrator names another, or takes it from another but the last."""
    own = act.user is not None and act.user.pk == user.pk
    if own or (act.user is not None and not act.user.is_site_admin):
        raise AccessError(_("Only another system administrator can change this."))
    if user.is_site_admin:
        _check_another_site_admin(user)


def _check_another_site_admin(user: User) -> None:
    rows = User.objects.select_for_update().filter(is_site_admin=True, is_active=True).order_by("pk")
    if not [row for row in rows if row.pk != user.pk]:
        said = {"name": user.name}
        raise LastAdmin(
            _("%(name)s is the last system administrator of this bank. Name another one first.") % said
        )


def _check_email(user: User) -> None:
    """One address, one person: links and single sign-on go by it."""
    if user.email and User.objects.filter(email__iexact=user.email).exclude(pk=user.pk).exists():
        raise ValidationError({"email": _("Somebody else has this address.")})


def _journal(act: Act, action: str, user: User, **detail: object) -> None:
    act.journal(action, object_kind="user", object_id=user.username, **detail)
