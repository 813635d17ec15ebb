"""Why somebody sees something, who sees a patient, and what a grant would change (R53).

Comes in: users, rows, grants. Goes out: numbered reasons, people with their reasons, counts before and after.
All of it asks the policy itself; nothing here decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from planbank.access.actions import ACTIONS
from planbank.access.models import Grant
from planbank.access.policy import said
from planbank.access.roles import ROLES
from planbank.access.rows import narrowed
from planbank.access.scopes import PATIENT_FILES, PLAN_SETS, Columns, Scope
from planbank.access.standing import Path, Standing, remember, standing_of
from planbank.catalogue.models import Patient, PatientFile, PlanSet
from planbank.people.models import Affiliation, User
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Membership, ReuseRequest

T = TypeVar("T")


@dataclass(frozen=True)
class Step:
    """One link of the chain; `holds`: it is one reason why the person may."""

    holds: bool
    text: str


def explain(
    user: User,
    action: str,
    at: datetime,
    *,
    rows: QuerySet[Any] | None = None,
    columns: Columns | None = None,
    scope: Scope | None = None,
    within: Scope | None = None,
) -> list[Step]:
    """Why `user` may or may not do `action`, on `rows` where given: one step for each thing they hold.

    `within`: only what concerns that protocol or project, and institutions: who answers for one
    protocol does not learn what somebody holds in another.
    """
    if not user.is_active:
        return [Step(False, _("The account is switched off: nothing is allowed."))]
    paths = [p for p in standing_of(user).giving(action, scope) if within is None or _concerns(p, within)]
    steps = [_step(path, action, at, rows, columns) for path in paths]
    if not steps:
        steps = [Step(False, _("Nothing that %(name)s holds gives this.") % {"name": user.name})]
    if any(step.holds for step in steps):
        return [*steps, Step(True, _("Therefore it is allowed: one reason is enough."))]
    return [*steps, Step(False, _("Therefore it is not allowed."))]


def _concerns(path: Path, scope: Scope) -> bool:
    if path.scope.kind in ("institution", "site") or path.scope == scope:
        return True
    return path.protocol is not None and Scope("protocol", path.protocol.id) == scope


def _step(path: Path, action: str, at: datetime, rows: QuerySet[Any] | None, columns: Columns | None) -> Step:
    what = said(path)
    if path.project and path.protocol:
        what = _("%(what)s, through reuse of %(protocol)s") % {"what": what, "protocol": path.protocol.name}
    state = path.state(at)
    if state != "in force":
        why = _("has lapsed") if state == "lapsed" else _("has not begun")
    elif not path.is_open_for(action, at):
        why = _("its protocol or project is not open for this")
    elif not path.gives(action):
        needed = {"see": See(ACTIONS[action].see).label, "out": TakeOut(ACTIONS[action].take_out).label}
        why = _("its level is too low: it needs %(see)s to see and %(out)s to take out") % needed
    elif rows is not None and columns is not None and not _shows(path, action, rows, columns, at):
        why = _("does not lead to these data")
    else:
        return Step(True, _("%(what)s: gives it.") % {"what": what})
    return Step(False, f"{what}: {why}.")


def _shows(path: Path, action: str, rows: QuerySet[Any], columns: Columns, at: datetime) -> bool:
    return narrowed(Standing((path,)), action, rows, columns, at, None).exists()


@dataclass(frozen=True)
class Seer:
    """A person who sees a patient: at which level at best, and why."""

    user: User
    see: See
    take_out: TakeOut
    reasons: tuple[str, ...]


def who_can_see(patient: Patient, at: datetime, scope: Scope | None = None) -> list[Seer]:
    """Everybody who sees something of a patient now, best level first; in `scope` only what stands there.

    Whoever only works for the institution needs no question of their own: the affiliation is the reason.
    """
    files = PatientFile.objects.filter(patient=patient)
    granted, staff = _candidates(files, at, scope)
    seers = []
    for user in granted:
        remember(user)  # rows and reasons come from one reading
        found = list(narrowed(standing_of(user), "data.view", files, PATIENT_FILES, at, scope))
        if not found:
            continue
        steps = explain(user, "data.view", at, rows=files, columns=PATIENT_FILES, within=scope)
        reasons = tuple(step.text for step in steps[:-1] if step.holds)
        see, out = max(row.seen_as for row in found), max(row.take_as for row in found)
        seers.append(Seer(user, See(see), TakeOut(out), reasons))
    for user, codes in staff.items():
        role = str(ROLES["staff"].title)
        reasons = tuple(_("%(what)s: gives it.") % {"what": f"{role}, {code}"} for code in codes)
        seers.append(Seer(user, See.IDENTIFIED, TakeOut.RAW, reasons))
    return sorted(seers, key=lambda s: (-s.see, -s.take_out, s.user.username))


def _candidates(
    files: QuerySet[PatientFile], at: datetime, scope: Scope | None
) -> tuple[list[User], dict[User, list[str]]]:
    """Who could: holders of grants where the patient stands; and people of the institutions, with these."""
    here = Membership.objects.in_force().filter(patient_file__in=files)
    if scope is not None:
        here = here.filter(protocol=scope.id)
        files = files.filter(pk__in=here.values("patient_file"))
    protocols = list(here.values_list("protocol", flat=True).distinct())
    approved = ReuseRequest.objects.filter(protocol__in=protocols, state=ReuseRequest.State.APPROVED)
    grants = Grant.objects.in_force(at)
    through = grants.filter(scope_kind="protocol", scope_id__in=protocols) | grants.filter(
        scope_kind="project", scope_id__in=approved.values("project")
    )
    granted = list(User.objects.filter(pk__in=through.values("user"), is_active=True).order_by("username"))
    now = Q(until__isnull=True) | Q(until__gt=at)
    rows = Affiliation.objects.filter(now, since__lte=at, institution__in=files.values("institution"))
    rows = rows.filter(institution__is_active=True, user__is_active=True).exclude(user__in=granted)
    staff: dict[User, list[str]] = {}
    for row in rows.select_related("user", "institution").order_by("institution__code"):
        staff.setdefault(row.user, []).append(row.institution.code)
    return granted, staff


@dataclass(frozen=True)
class Change:
    """What a person sees before and after: patients and plans, and how many by name."""

    patients: tuple[int, int]
    plans: tuple[int, int]
    identified: tuple[int, int]


def simulate(
    grant: Grant, at: datetime, *, revoked: bool = False, institutions: Iterable[int] = ()
) -> Change:
    """What the grant (not yet saved, or about to be revoked) would change for its holder, everywhere."""
    before, after = tried(grant, at, _counts, revoked=revoked, institutions=institutions)
    return Change(*zip(before, after, strict=True))  # type: ignore[arg-type]


def tried(
    grant: Grant,
    at: datetime,
    measure: Callable[[User, datetime], T],
    *,
    revoked: bool = False,
    institutions: Iterable[int] = (),
) -> tuple[T, T]:
    """What `measure` finds for the holder without and with the grant (or its revocation).

    Done for real inside a transaction that is given up, so that it cannot differ from what will be.
    """
    is_new, confirmed = grant.pk is None, grant.confirmed_at
    then = max(at, grant.since)
    with transaction.atomic():
        before = measure(grant.user, then)
        if revoked:
            Grant.objects.filter(pk=grant.pk).update(revoked_at=at)
        else:
            grant.confirmed_at = grant.confirmed_at or at
            grant.save(force_insert=is_new)
            grant.institutions.set(institutions)
        after = measure(grant.user, then)
        transaction.set_rollback(True)
    grant.confirmed_at = confirmed
    if is_new:
        grant.pk, grant._state.adding = None, True  # type: ignore[assignment]
    return before, after


def _counts(user: User, at: datetime) -> tuple[int, int, int]:
    """Patients, plans, and patients by name that the user sees now."""
    fresh = User.objects.get(pk=user.pk)
    if not fresh.is_active:
        return 0, 0, 0
    standing = standing_of(fresh)
    files = PatientFile.objects.filter(patient__isnull=False)
    seen = narrowed(standing, "data.view", files, PATIENT_FILES, at, None)
    named = narrowed(standing, "data.identity", files, PATIENT_FILES, at, None)
    plans = narrowed(standing, "data.view", PlanSet.objects.all(), PLAN_SETS, at, None)
    return (
        seen.order_by().values("patient").distinct().count(),
        plans.count(),
        named.order_by().values("patient").distinct().count(),
    )
