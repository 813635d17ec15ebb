"""What no page may forget: who may give what to whom (R46, R52, R54).

Comes in: an act, who is to get it, what is asked. Goes out: nothing, or AccessError in words. Nobody raises
their own rights, nobody gives more than they may, a protocol with four eyes wants a second person.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from planbank.access.granting.asked import Asked
from planbank.access.roles import ROLES, SINGLE
from planbank.access.scopes import Scope
from planbank.access.standing import Path, standing_of
from planbank.errors import AccessError
from planbank.people.models import User
from planbank.protocols.act import Act
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Project, Protocol


def check_shape(asked: Asked) -> None:
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


def check_giver(act: Act, user: User, asked: Asked, action: str = "grant.give") -> None:
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


def wants_second_person(act: Act, scope: Scope) -> bool:
    """Whether a grant there holds only once another person confirmed it (R54)."""
    if act.user is None or scope.kind != "protocol":
        return False
    return Protocol.objects.filter(pk=scope.id, four_eyes=True).exists()
