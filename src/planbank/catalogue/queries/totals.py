"""How much there is, for the overview.

Comes in: querysets that the policy has narrowed. Goes out: numbers, each at a bounded cost.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from django.core.cache import cache
from django.db.models import Model, OuterRef, QuerySet, Subquery

from planbank.catalogue.models import Submission

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from planbank.people.models import Institution

T = TypeVar("T")


def count_to(queryset: QuerySet[Model], most: int) -> int:
    """How many rows there are, counted no further than `most`."""
    return queryset.order_by()[:most].count()


def total(
    rows: QuerySet[Model] | Callable[[], QuerySet[Model]],
    key: object,
    *,
    exact_to: int = 10_000,
    seconds: int = 60,
) -> int:
    """How many rows there are; above `exact_to` the number may be `seconds` old.

    `key` must name everything the rows were narrowed by: numbers are shared between requests. Where
    making the queryset itself costs, hand in what makes it.
    """
    name = _named("total", key)
    found: int | None = cache.get(name)
    if found is None:
        queryset = rows() if callable(rows) else rows
        found = count_to(queryset, exact_to + 1)
        if found > exact_to:
            found = queryset.order_by().count()
            cache.set(name, found, seconds)
    return found


def remembered(
    rows: QuerySet[Model], key: object, make: Callable[[], T], *, above: int = 50_000, seconds: int = 60
) -> T:
    """What `make` finds among `rows`; where there are many, as it was up to `seconds` ago.

    `key` must name everything the rows were narrowed by, the institutions first of all: answers
    are shared between requests.
    """
    if count_to(rows, above + 1) <= above:
        return make()
    found: T = cache.get_or_set(_named("remembered", key), make, seconds)
    return found


def _named(kind: str, key: object) -> str:
    return f"{kind}:{sha256(repr(key).encode()).hexdigest()}"


def newest_received(institutions: QuerySet[Institution]) -> datetime | None:
    """When the newest object of these institutions came. One look into an index for each."""
    newest = Submission.objects.filter(institution=OuterRef("pk")).values("received_at")[:1]
    times: Iterable[datetime | None] = institutions.annotate(newest=Subquery(newest)).values_list(
        "newest", flat=True
    )
    return max((time for time in times if time), default=None)
