"""The only place that decides who may see or do what.

Comes in: a user, an action, a time, and a scope or a queryset. Goes out: a verdict with its reason,
or the rows the user may act on, each with the levels at which. Deny by default; grants add up;
nothing is negative but an account switched off and a protocol closed; there is no break-glass (R55).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils.functional import lazy
from django.utils.translation import gettext as _

from planbank.access.actions import ACTIONS
from planbank.access.roles import EVERYBODY, ROLES
from planbank.access.rows import narrowed
from planbank.access.scopes import Columns, Scope
from planbank.access.standing import Path, Standing, standing_of
from planbank.access.verdict import Refused, Verdict, allowed
from planbank.people.models import Institution, User
from planbank.protocols.models import Participation, Project, Protocol
from planbank.protocols.queries.contacts import whom_to_ask

M = TypeVar("M", bound=Model)


def institutions_of(user: User, at: datetime) -> QuerySet[Institution]:
    """The institutions whose data this person may see now: a dated grant, not a mere account."""
    return Institution.objects.filter(
        Q(affiliations__until__isnull=True) | Q(affiliations__until__gt=at),
        affiliations__user=user,
        affiliations__since__lte=at,
        is_active=True,
    ).distinct()


def may(user: object, action: str, at: datetime, scope: Scope | None = None) -> Verdict:
    """Whether `user` may do `action` now: anywhere, or in `scope`. A list may still be empty for them."""
    if action not in ACTIONS:
        return Verdict(False, _("nobody: the action is not declared"))
    if not isinstance(user, User) or not user.is_active:
        return Verdict(False, _("not signed in"))
    if action in EVERYBODY and scope is None:
        return allowed(_("every signed-in person"))
    standing = standing_of(user)
    if paths := standing.in_force(action, at, scope):
        return allowed(said(paths[0]))
    if action == "protocol.view" and _takes_part(standing, at, scope):
        return allowed(_("works for a centre that takes part"))
    return denied(standing, action, at, scope)


def visible(
    user: object,
    action: str,
    queryset: QuerySet[M],
    columns: Columns | None = None,
    *,
    at: datetime,
    institution: str = "",
    scope: Scope | None = None,
) -> QuerySet[M]:
    """The rows of `queryset` on which `user` may do `action` now.

    With `columns` the rows of protocols and projects are there too, and each row carries `seen_as`
    and `take_as` (numbers of See and TakeOut), `seen_through` (id of the protocol, empty for one's own
    institution) and, where `columns.patient` is given, `pseudonym` ('' until it is made) and
    `trial_id`. **Whoever takes these must mask what `seen_as` does not allow.** With `institution`
    alone (a lookup) only one's own institutions' rows are there: for pages that show identities.
    `scope`: only what stands in that institution, protocol or project; for data.add, where to.
    """
    scoped = ACTIONS[action].scope
    if scoped not in ("institution", "data") or not may(user, action, at, _asked(action, scope)):
        return queryset.none()
    assert isinstance(user, User)
    return narrowed(standing_of(user), action, queryset, columns or Columns(institution), at, scope)


def one(
    user: object,
    action: str,
    queryset: QuerySet[M],
    columns: Columns,
    pk: object,
    *,
    at: datetime,
    scope: Scope | None = None,
) -> M:
    """The row `pk` as `visible` gives it. Raises Refused: hidden and absent alike, or with a reason."""
    found = visible(user, action, queryset, columns, at=at, scope=scope).filter(pk=pk).first()
    if found is not None:
        return found
    raise Refused(why_not(user, action, queryset.filter(pk=pk), columns, at))


def why_not(user: object, action: str, rows: QuerySet[M], columns: Columns, at: datetime) -> Verdict:
    """Why a person gets none of `rows`, said only as far as they may know that it exists.

    A person whose own grant lapsed, and one who sees the row but lacks the level for this action, are
    told; to all others it does not exist.
    """
    nothing = Verdict(False, _("hidden, or not there"))
    if not isinstance(user, User) or not user.is_active:
        return nothing
    standing = standing_of(user)
    for path in standing.giving(action):
        verdict = _why_path_fails(path, action, at)
        if verdict is None or path.protocol is None or not path.gives(action):
            continue
        # Would this path show the row, were it in force?
        if narrowed(Standing((path,)), action, rows, columns, at, None, judge=False).exists():
            return verdict
    if action != "data.view" and narrowed(standing, "data.view", rows, columns, at, None).exists():
        return _level(action, _asked_of(standing, at))
    return nothing


def denied(standing: Standing, action: str, at: datetime, scope: Scope | None) -> Verdict:
    """The verdict for somebody without a path in force."""
    for path in standing.giving(action, scope):
        verdict = _why_path_fails(path, action, at)
        if verdict is not None:  # a verdict that says no is false
            return verdict
    if scope is not None and _sees(standing, at, scope):
        return _level(action, _ask_later(scope, at))
    return Verdict(False, _nobody_but(action))


def said(path: Path) -> str:
    """A path in words: 'reader in BRAIN until 2027-01-01'."""
    role = ROLES.get(path.role)
    title = str(role.title if role else ACTIONS[path.role].title)
    where = f"{title}, {path.name}" if path.name else title
    return _("%(what)s, until %(day)s") % {"what": where, "day": path.last_day} if path.until else where


def _asked(action: str, scope: Scope | None) -> Scope | None:
    """Reading inside a protocol is decided row by row: own institution's people have no grant there."""
    return scope if action in ("data.add", "data.remove") else None


def _takes_part(standing: Standing, at: datetime, scope: Scope | None) -> bool:
    own = standing.own_institutions(at)
    rows = Participation.objects.in_force(at).filter(institution__in=own)
    if scope is not None and scope.kind != "protocol":
        return False
    return bool(own) and (rows if scope is None else rows.filter(protocol=scope.id)).exists()


def _sees(standing: Standing, at: datetime, scope: Scope) -> bool:
    """Whether they know of a protocol or project anyway: they hold something in it, or see its record."""
    if any(path.scope == scope and path.state(at) == "in force" for path in standing.paths):
        return True
    if scope.kind == "protocol":
        seen = bool(standing.in_force("protocol.view", at, scope)) or _takes_part(standing, at, scope)
        return seen and Protocol.objects.filter(pk=scope.id).exists()
    if scope.kind == "project":
        seen = bool(standing.in_force("project.view", at, scope))
        return seen and Project.objects.filter(pk=scope.id).exists()
    return False


def _why_path_fails(path: Path, action: str, at: datetime) -> Verdict | None:
    """Why this path does not allow the action now; None where it does."""
    state = path.state(at)
    what = said(path)
    if state == "lapsed" and path.source == "grant":
        reason = _("Your permission has lapsed (%(what)s).") % {"what": what}
        return Verdict(False, reason, "lapsed", _ask_later(path.scope, at))
    if state == "not yet" and path.source == "grant":
        reason = _("Your permission begins on %(day)s.") % {"day": path.since.date()}
        return Verdict(False, reason, "not yet", _ask_later(path.scope, at))
    if state != "in force":
        return None
    if not path.is_open_for(action, at):
        reason = _("%(name)s is closed, or not yet open.") % {"name": path.name}
        return Verdict(False, reason, "closed", _ask_later(path.scope, at))
    if not path.gives(action):
        return _level(action, _ask_later(path.scope, at))
    return None


def _level(action: str, ask: str) -> Verdict:
    title = str(ACTIONS[action].title)
    return Verdict(False, _("Your permission does not include: %(title)s.") % {"title": title}, "level", ask)


def _ask(scope: Scope, at: datetime) -> str:
    """Whom to ask about a scope: its contacts, else the people it rests with, in words."""
    names = whom_to_ask(scope.id) if scope.kind == "protocol" else []
    if names:
        return ", ".join(names)
    if scope.kind in ("protocol", "project"):
        return _("a key user of it")
    return _("an administrator of your institution")


# Most refusals are never told: menus and tabs only ask whether. So the names are read when they are shown.
_ask_later = lazy(_ask, str)


def _asked_of(standing: Standing, at: datetime) -> str:
    scopes = [p.scope for p in standing.paths if p.protocol and p.state(at) == "in force"]
    return _ask(scopes[0], at) if scopes else _ask(Scope("institution"), at)


def _nobody_but(action: str) -> str:
    titles = _titles(role.title for role in ROLES.values() if action in role.actions)
    return _("only for: %(roles)s") % {"roles": titles}


def _titles(titles: Iterable[object]) -> str:
    return ", ".join(str(title) for title in titles)


__all__ = ["Refused", "Verdict", "institutions_of", "may", "one", "said", "visible", "why_not"]
