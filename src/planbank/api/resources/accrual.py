"""Patients by first treatment date, as far as the reader may count them (R125 to R127).

Comes in: a protocol, centre, country or cancer group; nothing: all. Goes out: numbers, no patient.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema

from planbank.access.listing import protocols_seen
from planbank.api.problems import Problem
from planbank.api.scope import InInstitution, InProtocol, note, reader_in, seen_protocol
from planbank.errors import StatisticsError
from planbank.people.models import Institution
from planbank.statistics.accrual.read import Asked, Group
from planbank.statistics.accrual.read import accrual as counted

router = Router(tags=["names and numbers"])
Country = Annotated[str, Query(default="", max_length=2, pattern=r"^[A-Za-z]*$", description="as DK")]
CancerGroup = Annotated[str, Query(default="", max_length=64, description="as its protocols say it")]


class BinOut(Schema):
    """`patients` first treated from `since` to `until`, `abroad` of them; `upto` in all by then."""

    since: date
    until: date
    patients: int
    abroad: int
    upto: int


class LineThrough(Schema):
    """upto = per_year * years since `start` + offset, by least squares; `r_squared`."""

    start: date
    per_year: float
    offset: float
    r_squared: float


class GroupOut(Schema):
    """Patients of one; null: few, and kept back."""

    name: str
    patients: int | None


class AccrualOut(Schema):
    """The growth of what you may count. `undated`: nothing says when they were treated."""

    bins: list[BinOut]
    total: int
    abroad: int | None
    undated: int | None
    mean_per_year: float | None
    fit: LineThrough | None
    sources: list[GroupOut]
    centres: list[GroupOut]
    countries: list[GroupOut]
    cancer_groups: list[GroupOut]
    protocols: list[GroupOut]


@router.get("/accrual", response={200: AccrualOut, 401: Problem, 403: Problem, 404: Problem, 422: Problem})
def accrual(
    request: HttpRequest,
    protocol: InProtocol,
    institution: InInstitution,
    country: Country,
    cancer_group: CancerGroup,
) -> dict[str, object]:
    """Patients by first treatment date, with mean, straight line and counts."""
    reader = reader_in(request, protocol)
    asked = Asked(
        protocol=seen_protocol(request, protocol).pk if protocol else None,
        institution=_place(institution) if institution else None,
        country=country.upper(),
        group=cancer_group,
    )
    found = counted(reader, asked, timezone.localtime(reader.at).date())
    if found.is_summary and asked.is_of_places:
        raise StatisticsError("Whoever sees summaries only gets no numbers of single places.")
    known = set(protocols_seen(reader.user, reader.at, reader.scope).values_list("short_name", flat=True))
    note(request, "accrual", protocol=protocol, rows=len(found.bins))
    return {
        "bins": [
            BinOut(since=one.since, until=one.until, patients=one.count, abroad=one.abroad, upto=one.upto)
            for one in found.bins
        ],
        "total": found.total,
        "abroad": found.abroad,
        "undated": found.undated,
        "mean_per_year": found.mean,
        "fit": found.fit and LineThrough(**vars(found.fit)),
        "sources": _groups(found.sources),
        "centres": _groups(found.centres),
        "countries": _groups(found.countries),
        "cancer_groups": _groups(found.cancer_groups),
        "protocols": _groups(one for one in found.protocols if one.name in known),
    }


def _place(code: str) -> int:
    """Its number; one that nobody has where there is none of this code, which counts nobody."""
    return Institution.objects.filter(code=code).values_list("pk", flat=True).first() or 0


def _groups(groups: Iterable[Group]) -> list[GroupOut]:
    return [GroupOut(name=one.name, patients=one.patients) for one in groups]
