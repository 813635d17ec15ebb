"""Lists page by page: ask again with `after` until `next` is null.

Comes in: a queryset, where to go on, how many. Goes out: rows and the place of the next ones. A place
is a row's number, so that what comes meanwhile moves nothing.
"""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import QuerySet
from ninja import Query
from pydantic import StringConstraints

MOST, USUAL = 500, 100
After = Annotated[
    Annotated[str, StringConstraints(pattern=r"^[0-9]{0,18}$")],
    Query(default="", description="`next` of the page before"),
]
Limit = Annotated[int, Query(default=USUAL, ge=1, le=MOST, description="rows a page")]


def cut(rows: QuerySet[Any], after: str, limit: int) -> tuple[list[Any], str | None]:
    """At most `limit` rows by number, and the place of the next page."""
    if after:
        rows = rows.filter(pk__gt=int(after))
    found = list(rows.order_by("pk")[: limit + 1])
    return found[:limit], str(found[limit - 1].pk) if len(found) > limit else None
