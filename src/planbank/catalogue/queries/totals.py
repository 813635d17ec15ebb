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


def total(queryset: QuerySet[Model], key: str, *, exact_to: int = 10_000, seconds: int = 60) -> int:
    """How many rows there are; above `exact_to` the number may be `seconds` old.

    `key` must name everything the queryset was narrowed by: numbers are shared between requests.
    """
    counted = count_to(queryset, exact_to + 1)
    if counted <= exact_to:
        return counted
    found: int = cache.get_or_set(f"total:{key}", queryset.order_by().count, seconds)
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
    name = sha256(repr(key).encode()).hexdigest()
    found: T = cache.get_or_set(f"remembered:{name}", make, seconds)
    return found


def newest_received(institutions: QuerySet[Institution]) -> datetime | None:
    """When the newest object of these institutions came. One look into an index for each."""
    newest = Submission.objects.filter(institution=OuterRef("pk")).values("received_at")[:1]
    times: Iterable[datetime | None] = institutions.annotate(newest=Subquery(newest)).values_list(
        "newest", flat=True
    )
    return max((time for time in times if time), default=None)
