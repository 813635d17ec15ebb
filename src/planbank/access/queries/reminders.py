"""What lapses and has to be told: to the holder, to those who can renew, to the bank (R32, R49, R199, R213).

Comes in: a time. Goes out: `Reminder`s and `Orphan`s, computed anew at each call and without side effects:
pages show them, notices are sent from them. `key` is the same for as long as the same thing is to be
told, so that whoever sends can tell it once.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Q

from planbank.access.models import Grant
from planbank.access.queries.holders import REMINDED, lapsing, reminder, without_key_user
from planbank.access.roles import ROLES
from planbank.access.scopes import Scope
from planbank.people.models import Affiliation, User
from planbank.protocols.models import Protocol


@dataclass(frozen=True)
class Reminder:
    """One grant that lapses: `days` is 30, 7 or 1; `renewers` are the ids of people who may renew it."""

    grant: Grant
    days: int
    renewers: frozenset[int]

    @property
    def key(self) -> str:
        """What is told once: this grant, this end, this step."""
        return f"grant {self.grant.pk} {self.grant.until:%Y%m%d} {self.days}"


@dataclass(frozen=True)
class Orphan:
    """An active protocol that nobody runs (`days` 0), or nobody will run within 30, 7 or 1 days."""

    protocol: Protocol
    days: int
    until: datetime | None

    @property
    def key(self) -> str:
        """What is told once."""
        return f"protocol {self.protocol.pk} {f'{self.until:%Y%m%d}' if self.until else 'gone'} {self.days}"


def due_reminders(at: datetime) -> list[Reminder]:
    """Every grant in force that lapses within 30 days, the next first; of accounts that are on."""
    rows = list(lapsing(at).filter(user__is_active=True).select_related("user"))
    renewers = _renewers(rows, at)
    return [Reminder(row, reminder(row, at) or REMINDED[-1], renewers[row.pk]) for row in rows]


def renewable_by(user: User, reminders: list[Reminder]) -> list[Reminder]:
    """Those that this person may renew; never their own."""
    return [one for one in reminders if user.pk in one.renewers]


def orphans(at: datetime) -> list[Orphan]:
    """Protocols without a key user, now or soon; the gravest first."""
    rows = {row.pk: row for row in without_key_user(at, timedelta(days=REMINDED[0]))}
    held = Grant.objects.in_force(at).filter(
        role="key-user", scope_kind="protocol", scope_id__in=rows, user__is_active=True
    )
    last = dict(held.order_by().values_list("scope_id").annotate(Max("until")))
    found = []
    for pk, row in rows.items():
        until = last.get(pk)
        left = until - at if until else timedelta(0)
        days = min((step for step in REMINDED if left <= timedelta(days=step)), default=0) if until else 0
        found.append(Orphan(row, days, until))
    return sorted(found, key=lambda one: (one.days, one.protocol.short_name))


def _renewers(rows: list[Grant], at: datetime) -> dict[int, frozenset[int]]:
    """Who may renew each grant; four queries for all of them."""
    admins = set(User.objects.filter(is_site_admin=True, is_active=True).values_list("pk", flat=True))
    scopes = {Scope(row.scope_kind, row.scope_id) for row in rows}
    keys: dict[Scope, list[tuple[int, int, int]]] = defaultdict(list)
    held = Grant.objects.in_force(at).filter(role="key-user", user__is_active=True)
    where = Q(pk__in=[])
    for scope in scopes:
        where |= Q(scope_kind=scope.kind, scope_id=scope.id)
    fields = ("scope_kind", "scope_id", "user_id", "see", "take_out")
    for kind, pk, user, see, take_out in held.filter(where).values_list(*fields):
        keys[Scope(kind, pk)].append((user, see, take_out))
    bosses = _bosses({row.user_id for row in rows}, at)
    found = {}
    for row in rows:
        given_by = ROLES[row.role].given_by if row.role in ROLES else ("system-admin", "key-user")
        least = ROLES["key-user"].least
        may = {
            user
            for user, see, take_out in keys[Scope(row.scope_kind, row.scope_id)]
            if max(see, least) >= row.see and take_out >= row.take_out
        }
        may = may if "key-user" in given_by else set()
        may |= bosses[row.user_id] if "institution-admin" in given_by else set()
        may |= admins if "system-admin" in given_by else set()
        found[row.pk] = frozenset(may - {row.user_id})
    return found


def _bosses(users: set[int], at: datetime) -> dict[int, set[int]]:
    """The administrators of each person's institutions."""
    now = Q(until__isnull=True) | Q(until__gt=at)
    here = Affiliation.objects.filter(now, since__lte=at, institution__is_active=True)
    admins: dict[int, set[int]] = defaultdict(set)
    for institution, user in here.filter(is_admin=True, user__is_active=True).values_list(
        "institution_id", "user_id"
    ):
        admins[institution].add(user)
    found: dict[int, set[int]] = defaultdict(set)
    for institution, user in here.filter(user__in=users).values_list("institution_id", "user_id"):
        found[user] |= admins[institution]
    return found
