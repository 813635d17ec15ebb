"""What a person sees in one protocol or project, centre by centre; and what a grant would change there (R53).

Comes in: a user or a grant, a time, a scope. Goes out: `Sight`, counts and levels by institution. All of it
asks the policy; what a grant would change is tried for real in a transaction that is given up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max

from planbank.access.explain import tried
from planbank.access.models import Grant
from planbank.access.rows import narrowed
from planbank.access.scopes import PATIENT_FILES, PLAN_SETS, Scope
from planbank.access.standing import Standing, standing_of
from planbank.catalogue.models import PatientFile, PlanSet
from planbank.people.models import Institution, User
from planbank.protocols.levels import See, TakeOut


@dataclass(frozen=True)
class Sight:
    """Of one centre: how much is seen, what may be taken out, of how many patients and plans."""

    code: str
    own: bool = False
    see: See = See.NONE
    take_out: TakeOut = TakeOut.NONE
    patients: int = 0
    plans: int = 0


@dataclass(frozen=True)
class Gain:
    """What a grant adds or takes of one centre."""

    before: Sight
    after: Sight


def sight(user: User, at: datetime, scope: Scope, centres: Iterable[Institution] = ()) -> list[Sight]:
    """What `user` sees in `scope`: one line for each centre of which there is something, and of `centres`."""
    fresh = User.objects.get(pk=user.pk)
    standing = standing_of(fresh) if fresh.is_active else Standing(())
    counted = _counted(standing, at, scope)
    named = {row.pk: row for row in centres}
    missing = [pk for pk in counted if pk not in named]
    named |= {row.pk: row for row in Institution.objects.filter(pk__in=missing)}
    own = standing.own_institutions(at)
    found = []
    for pk, institution in named.items():
        see, out, patients, plans = counted.get(pk, (0, 0, 0, 0))
        if not see and _sums(standing, at, scope, pk):
            see = See.SUMMARY
        found.append(Sight(institution.code, pk in own, See(see), TakeOut(out), patients, plans))
    return sorted(found, key=lambda one: (not one.own, -one.see, one.code))


def would_change(
    grant: Grant, at: datetime, *, revoked: bool = False, institutions: Iterable[int] = ()
) -> list[Gain]:
    """What the grant (not yet saved, or about to be revoked) would change for its holder, by centre."""
    scope = Scope(grant.scope_kind, grant.scope_id)
    before, after = tried(
        grant,
        at,
        lambda user, when: {one.code: one for one in sight(user, when, scope)},
        revoked=revoked,
        institutions=institutions,
    )
    codes = sorted({*before, *after})
    gains = [Gain(before.get(code, Sight(code)), after.get(code, Sight(code))) for code in codes]
    return [one for one in gains if one.before != one.after]


def _counted(standing: Standing, at: datetime, scope: Scope) -> dict[int, tuple[int, int, int, int]]:
    """Level, take-out level, patients and plans for each institution. Two queries."""
    files = narrowed(standing, "data.view", PatientFile.objects.all(), PATIENT_FILES, at, scope)
    # Two steps: what the policy annotates is counted over, not grouped by.
    found = {
        row["institution"]: (row["see"] or 0, row["out"] or 0, row["n"], 0)
        for row in files.order_by()
        .values("institution")
        .annotate(see=Max("seen_as"), out=Max("take_as"), n=Count("patient", distinct=True))
    }
    sets = narrowed(standing, "data.view", PlanSet.objects.all(), PLAN_SETS, at, scope)
    plans = sets.order_by().values_list("patient_file__institution").annotate(n=Count("pk"))
    for pk, n in plans:
        see, out, patients, _none = found.get(pk, (0, 0, 0, 0))
        found[pk] = (see, out, patients, n)
    return found


def _sums(standing: Standing, at: datetime, scope: Scope, institution: int) -> bool:
    """Whether sums of a centre are shown where its rows are not."""
    return any(
        path.institutions is None or institution in path.institutions
        for path in standing.in_force("data.statistics", at, scope)
    )
