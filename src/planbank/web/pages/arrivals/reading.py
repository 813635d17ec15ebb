"""What the pages about arrivals share: lines of associations, days, refusals.

Comes in: associations and days. Goes out: what templates show.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from planbank.access.policy import visible
from planbank.catalogue.models import Relation, Submission
from planbank.catalogue.queries.associations import Association, per_day
from planbank.catalogue.queries.totals import remembered
from planbank.messages.models import Event, EventKind
from planbank.web.lists.words import kind_of_object, relation_word
from planbank.web.pages import house_of
from planbank.web.parts.words import thin

REFUSALS = 20


@dataclass(frozen=True)
class Row:
    """A line of the list."""

    came: Association
    code: str
    url: str

    @property
    def new(self) -> int:
        return self.came.by_relation[Relation.NEW]

    @property
    def again(self) -> int:
        return self.came.by_relation[Relation.AGAIN]

    @property
    def re_exported(self) -> int:
        return self.came.by_relation[Relation.RE_EXPORTED]

    @property
    def versions(self) -> int:
        return self.came.by_relation[Relation.VERSION]

    @property
    def relations(self) -> str:
        """'7 new, 1 sent again'"""
        said = [(n, relation_word(name)) for name in Relation.values if (n := self.came.by_relation[name])]
        return ", ".join(f"{thin(n)} {word}" for n, word in said)

    @property
    def lasted(self) -> timedelta:
        return self.came.ended_at - self.came.began_at


def rows_of(found: list[Association], codes: dict[int, str]) -> list[Row]:
    """Associations as lines with their institution and address."""
    return [
        Row(
            came,
            codes.get(came.institution_id, ""),
            reverse("association", args=[came.association_id]),
        )
        for came in found
    ]


def site_zone() -> ZoneInfo:
    """The zone in which times and days are shown."""
    zone = timezone.get_current_timezone()
    assert isinstance(zone, ZoneInfo)
    return zone


def days_of(
    rows: QuerySet[Submission], narrowed_by: tuple[object, ...], among: QuerySet[Submission] | None = None
) -> dict[date, int]:
    """Objects received on each day; where there are very many (`among` which `rows` are found), as
    it was up to a minute ago."""
    zone = site_zone()
    key = ("days", zone.key, *narrowed_by)
    return remembered(rows if among is None else among, key, lambda: per_day(rows, zone))


def moments(days: tuple[date, date]) -> tuple[datetime, datetime]:
    """The first moment of the first day and the first after the last, in the site's zone."""
    zone = site_zone()
    start = datetime.combine(days[0], time.min, zone)
    return start, datetime.combine(days[1] + timedelta(days=1), time.min, zone)


def refusals(request: HttpRequest, days: tuple[date, date]) -> list[dict[str, Any]]:
    """The newest objects that the gate refused in these days, with the reason it gave the sender."""
    since, until = moments(days)
    found = Event.objects.filter(kind=EventKind.REFUSED, at__gte=since, at__lt=until)
    now = house_of(request).clock.now()
    rows = visible(request.user, "data.view", found, institution="institution", at=now)
    return [
        {
            "at": row.at,
            "code": row.institution.code if row.institution else "",
            "kind": kind_of_object(str(row.params.get("sop_class_uid", ""))),
            **{name: str(row.params.get(name, "")) for name in ("calling_ae", "address", "reason")},
        }
        for row in rows.select_related("institution")[:REFUSALS]
    ]
