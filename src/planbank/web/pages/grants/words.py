"""Grants in words.

Comes in: grants, states, levels. Goes out: the sentences and marks that pages show.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from planbank.access.actions import ACTIONS
from planbank.access.models import Grant
from planbank.access.models.grant import ScopeKind
from planbank.access.queries.states import State, state_of
from planbank.access.queries.zones import zones_of
from planbank.access.roles import ROLES
from planbank.access.scopes import Scope
from planbank.access.sight import Gain
from planbank.people.models import Affiliation
from planbank.people.zones import last_day_in
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Project, Protocol
from planbank.web.parts.words import thin

KINDS = {
    "active": gettext_lazy("active"),
    "lapses soon": gettext_lazy("lapses soon"),
    "awaits a second person": gettext_lazy("awaits a second person"),
    "not yet": gettext_lazy("not begun"),
    "lapsed": gettext_lazy("lapsed"),
    "revoked": gettext_lazy("revoked"),
}
_MARKS = {
    "active": ("ok", ""),
    "lapses soon": ("warn", "clock"),
    "awaits a second person": ("info", ""),
    "not yet": ("idle", ""),
    "lapsed": ("bad", "lock"),
    "revoked": ("idle", "lock"),
}


@dataclass(frozen=True)
class Shown:
    """One grant as a line: `mark` and `icon` stand before `word`."""

    row: Grant
    role: str
    where: str
    codes: str
    whose: str
    see: int
    level: str
    take_out: str
    state: State
    mark: str
    icon: str
    word: str
    last_day: date


def role_of(grant: Grant) -> str:
    """The role, or the single permission."""
    role = ROLES.get(grant.role)
    title = role.title if role else ACTIONS[grant.permission].title if grant.permission in ACTIONS else ""
    return str(title) or grant.role or grant.permission


def level_of(grant: Grant) -> See:
    """What the holder sees of others by it: the role's least, or more."""
    role = ROLES.get(grant.role)
    return See(max(grant.see, role.least if role else See.NONE))


def day(when: datetime | date) -> str:
    """'30 Nov 2027' as the language writes it."""
    return date_format(timezone.localtime(when) if isinstance(when, datetime) else when, "j M Y")


def state_word(state: State, zone: str = "") -> str:
    """'active', 'lapses in 12 days', 'lapsed 2 Nov 2026', 'awaits a second person'."""
    match state.kind:
        case "lapses soon" if state.days == 0:
            return _("lapses within a day")
        case "lapses soon":
            return ngettext("lapses in %(n)s day", "lapses in %(n)s days", state.days) % {"n": state.days}
        case "lapsed":
            return _("lapsed %(day)s") % {"day": day(last_day_in(state.at, zone))}
        case "revoked":
            return _("revoked %(day)s") % {"day": day(state.at)}
        case "not yet":
            return _("begins %(day)s") % {"day": day(state.at)}
    return str(KINDS[state.kind])


def shown(rows: Iterable[Grant], at: datetime) -> list[Shown]:
    """Grants as lines; four queries for all of them, where institutions were prefetched."""
    rows = list(rows)
    names = names_of({Scope(row.scope_kind, row.scope_id) for row in rows})
    centres = centres_of({row.user_id for row in rows}, at)
    zones = zones_of({row.user_id for row in rows}, at)
    found = []
    for row in rows:
        state, see = state_of(row, at), level_of(row)
        mark, icon = _MARKS[state.kind]
        whose = ", ".join(one.code for one in row.institutions.all())
        found.append(
            Shown(
                row=row,
                role=role_of(row),
                where=names.get(Scope(row.scope_kind, row.scope_id), ""),
                codes=centres.get(row.user_id, ""),
                whose=_("all centres") if row.every_institution else whose or _("no centre"),
                see=int(see),
                level=str(see.label),
                take_out=str(TakeOut(row.take_out).label) if row.take_out else "",
                state=state,
                mark=mark,
                icon=icon,
                word=state_word(state, zones.get(row.user_id, "")),
                last_day=last_day_in(row.until, zones.get(row.user_id, "")),
            )
        )
    return found


def names_of(scopes: Iterable[Scope]) -> dict[Scope, str]:
    """What scopes are called: short names; the kind alone where there is none."""
    ids: dict[str, set[int]] = {}
    for scope in scopes:
        ids.setdefault(scope.kind, set()).add(scope.id)
    found = {Scope("site"): str(ScopeKind.SITE.label)}
    for kind, model in (("protocol", Protocol), ("project", Project)):
        rows = model._default_manager.filter(pk__in=ids.get(kind, ()))
        found |= {Scope(kind, pk): name for pk, name in rows.values_list("pk", "short_name")}
    return found


def centres_of(users: Iterable[int], at: datetime) -> dict[int, str]:
    """Where people work now: 'OUH, AUH'."""
    now = Q(until__isnull=True) | Q(until__gt=at)
    rows = Affiliation.objects.filter(now, user__in=list(users), since__lte=at)
    found: dict[int, list[str]] = {}
    for user, code in rows.order_by("institution__code").values_list("user_id", "institution__code"):
        found.setdefault(user, []).append(code)
    return {user: ", ".join(dict.fromkeys(codes)) for user, codes in found.items()}


def gains_in_words(name: str, gains: Iterable[Gain]) -> list[str]:
    """'Anna would then see 178 plans from 126 patients of OUH, pseudonymised.'"""
    said = []
    for gain in gains:
        before, after = gain.before, gain.after
        words = {
            "name": name,
            "plans": _plans(after.plans),
            "patients": _patients(after.patients),
            "code": after.code,
            "level": str(after.see.label),
        }
        if after.see < See.PSEUDONYMISED:
            if before.see >= See.PSEUDONYMISED:
                said.append(_("%(name)s would then see no plan of %(code)s any more.") % words)
            elif after.see == See.SUMMARY:
                said.append(_("%(name)s would then see sums of %(code)s, no patient.") % words)
            else:
                said.append(_("%(name)s would then see nothing of %(code)s.") % words)
            continue
        line = _("%(name)s would then see %(plans)s from %(patients)s of %(code)s, %(level)s.") % words
        if before.plans and before.plans != after.plans:
            line += " " + _("Now it is %(plans)s.") % {"plans": _plans(before.plans)}
        if after.take_out != before.take_out:
            line += " " + _("What may be taken out: %(level)s.") % {"level": after.take_out.label}
        said.append(line)
    return said


def _plans(n: int) -> str:
    return ngettext("%(n)s plan", "%(n)s plans", n) % {"n": thin(n)}


def _patients(n: int) -> str:
    return ngettext("%(n)s patient", "%(n)s patients", n) % {"n": thin(n)}
