"""Reading a list one page at a time, at a cost that does not grow with the list.

Comes in: a queryset, an order and the row a page begins after or ends before, as it stands in an
address. Goes out: the rows of one page and the places before and after it. A place is a row's
number and, in lists by time, its time; never a name or an ID, since it stands in addresses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from django.db.models import DateTimeField, Model, Q, QuerySet

M = TypeVar("M", bound=Model)
_PLACE = re.compile(r"(?:([0-9]{1,17})-)?([0-9]{1,18})\Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Order:
    """A sort of a list: the column, then the row's number so that no two rows tie."""

    field: str
    descending: bool = False

    def columns(self, reverse: bool = False) -> list[str]:
        sign = "-" if self.descending is not reverse else ""
        return [f"{sign}{self.field}", f"{sign}pk"]


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page. `before` and `after` are the places to go on from, empty where there is no page."""

    rows: list[M]
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Place:
    """A row to continue from; `time` is empty in lists that are not by time."""

    time: datetime | None
    pk: int


def read_place(text: str) -> Place | None:
    """The place that an address names; None where it names none that can be read."""
    match = _PLACE.match(text)
    if not match:
        return None
    try:
        time = _EPOCH + timedelta(microseconds=int(match[1])) if match[1] else None
    except OverflowError:
        return None
    return Place(time, int(match[2]))


def write_place(pk: int, time: datetime | None = None) -> str:
    """A place as it stands in an address."""
    return str(pk) if time is None else f"{(time - _EPOCH) // timedelta(microseconds=1)}-{pk}"


def read_page(
    queryset: QuerySet[M], order: Order, *, after: str = "", before: str = "", size: int
) -> Page[M]:
    """The `size` rows after or before a place; the first ones where it says nothing.

    Two queries at most: the row of the place where the list is not by time, and the page.
    """
    by_time = isinstance(queryset.model._meta.get_field(order.field), DateTimeField)
    place, backwards = read_place(after), False
    if place is None and before:
        place, backwards = read_place(before), True
    beyond = _beyond(queryset, order, place, backwards, by_time) if place else None
    backwards = backwards and beyond is not None
    rows = list((queryset if beyond is None else queryset.filter(beyond)).order_by(
        *order.columns(reverse=backwards)
    )[: size + 1])  # fmt: skip
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()

    def place_of(row: M) -> str:
        return write_place(row.pk, getattr(row, order.field) if by_time else None)

    return Page(
        rows,
        before=place_of(rows[0]) if rows and (more if backwards else beyond is not None) else "",
        after=place_of(rows[-1]) if rows and (more or backwards) else "",
    )


def _beyond(queryset: QuerySet[M], order: Order, place: Place, backwards: bool, by_time: bool) -> Q | None:
    """Rows beyond a place; None where the place no longer says anything."""
    value: object = place.time
    if not by_time:
        value = queryset.filter(pk=place.pk).values_list(order.field, flat=True).first()
    if value is None:
        return None
    side = "gt" if order.descending is backwards else "lt"
    tie = Q(**{f"{order.field}__{side}": value}) | Q(**{f"pk__{side}": place.pk})
    # The first part alone is what an index can use.
    return Q(**{f"{order.field}__{side}e": value}) & tie
