"""Which clock a person lives by: that of where they work.

Comes in: users, a time. Goes out: names of time zones, '' (the site's) for who works nowhere, or in several
zones. What is given to somebody until a day ends with that day there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from planbank.people.models import Affiliation


def zones_of(users: Iterable[int], at: datetime) -> dict[int, str]:
    """The zone of each user, in one query; who is not in it lives by the site's."""
    now = Q(until__isnull=True) | Q(until__gt=at)
    rows = Affiliation.objects.filter(now, user__in=list(users), since__lte=at, institution__is_active=True)
    found: dict[int, set[str]] = defaultdict(set)
    for user, name in rows.values_list("user_id", "institution__time_zone"):
        found[user].add(name)
    return {user: names.pop() for user, names in found.items() if len(names) == 1}


def zone_of(user: int, at: datetime) -> str:
    """The zone of one user."""
    return zones_of([user], at).get(user, "")
