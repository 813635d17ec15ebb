"""Lists page by page: ask again with `after` until `next` is null.

Comes in: a queryset, who reads, where to go on, how many. Goes out: rows and the place of the next ones. A
place is a row's number, so that what comes meanwhile moves nothing; and a mark of what the reader held, so
that a list does not end early without a word where a permission lapsed between two pages.
"""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from ninja import Query
from pydantic import StringConstraints

from planbank.access.holding import DIGITS, mark_of
from planbank.access.verdict import Refused, Verdict
from planbank.reach import Reader

MOST, USUAL = 500, 100
After = Annotated[
    Annotated[str, StringConstraints(pattern=rf"^([0-9]{{1,18}}(-[0-9a-f]{{{DIGITS}}})?)?$")],
    Query(default="", description="`next` of the page before"),
]
Limit = Annotated[int, Query(default=USUAL, ge=1, le=MOST, description="rows a page")]


def place(reader: Reader, after: str) -> int:
    """The row that a page goes on after; 0 for the first page.

    Raises Refused where the reader no longer holds what they held when the list began.
    """
    number, _dash, mark = after.partition("-")
    if mark and mark != mark_of(reader.user, reader.at):
        reason = _("What you may see changed while you read this list. It is not whole: begin again.")
        raise Refused(Verdict(False, reason, "lapsed"))
    return int(number or 0)


def further(reader: Reader, number: int) -> str:
    """`next` after a row."""
    return f"{number}-{mark_of(reader.user, reader.at)}"


def cut(rows: QuerySet[Any], reader: Reader, after: str, limit: int) -> tuple[list[Any], str | None]:
    """At most `limit` rows by number, and the place of the next page. Raises Refused."""
    if number := place(reader, after):
        rows = rows.filter(pk__gt=number)
    found = list(rows.order_by("pk")[: limit + 1])
    return found[:limit], further(reader, found[limit - 1].pk) if len(found) > limit else None
