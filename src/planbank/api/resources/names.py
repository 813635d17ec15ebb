"""Structure types, and any metric over a protocol or project (R56, R78).

Comes in: the name of a protocol or project. Goes out: what its pages show, as rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.access.verdict import Refused
from planbank.api.paging import After, Limit, cut
from planbank.api.problems import Problem
from planbank.api.scope import (
    NAME,
    InProject,
    InProtocol,
    moment_of,
    note,
    reader_in,
    seen_project,
    seen_protocol,
)
from planbank.errors import StatisticsError
from planbank.naming.queries.desk import Desk
from planbank.statistics.lines import Line, lines_of
from planbank.statistics.request import asked_again, asked_for

router = Router(tags=["names and numbers"])
Within = Annotated[str, Query(min_length=1, max_length=32, pattern=NAME, description="name of a protocol")]
Names = Annotated[str, Query(default="", max_length=2000, description="between commas; none: all")]
Saved = Annotated[
    int | None,
    Query(default=None, ge=1, le=2**62, description="a saved request, in place of types and metrics"),
]
Asked = Annotated[str, Query(default="", max_length=500, description="D95%, V20Gy, Dmean ...")]
AsOf = Annotated[datetime | None, Query(default=None, description="as it stood then, with its zone")]


class TypeOut(Schema):
    """A structure type of the protocol; `expression`: made of others."""

    id: int
    name: str
    need: str
    description: str
    expression: str


class Types(Schema):
    """All types, and the edition of the dictionary."""

    items: list[TypeOut]
    next: str | None
    edition: int


class MetricOut(Schema):
    """A value; null with its reason, or with bounds where tissue outside the grid matters."""

    metric: str
    value: float | None
    unit: str
    reason: str
    low: float | None
    high: float | None


class LineOut(Schema):
    """One plan, type and ROI. `roi` by the name rule; empty where the type was not found."""

    plan_set: int
    patient: str
    trial_id: str
    institution: str
    plan: str
    type: str
    roi: str
    flags: list[str]
    made_of: str
    why_not: str
    plan_for_analysis: str
    algorithm: str
    volume_cc: float | None
    prescription_gy: float | None
    values: list[MetricOut]


class Lines(Schema):
    """A page of plan sets, with all lines of each."""

    items: list[LineOut]
    next: str | None
    edition: int


_ANSWERS = {401: Problem, 403: Problem, 404: Problem, 422: Problem}


@router.get("/structure-types", response={200: Types, **_ANSWERS})
def structure_types(request: HttpRequest, protocol: InProtocol, project: InProject) -> dict[str, object]:
    """The structure types of a protocol or project."""
    desk = desk_in(request, protocol, project)
    items = [
        TypeOut(
            id=row.pk,
            name=row.name,
            need=row.need,
            description=row.description,
            expression=row.expression,
        )
        for row in desk.types
    ]
    return {"items": items, "next": None, "edition": desk.dictionary.edition}


@router.get("/metrics", response={200: Lines, **_ANSWERS})
def metrics(
    request: HttpRequest,
    after: After,
    limit: Limit,
    protocol: InProtocol,
    project: InProject,
    types: Names,
    metrics: Asked,
    as_of: AsOf,
    request_id: Saved,
) -> dict[str, object]:
    """Any metric of any structure type, plan by plan; or what was saved as `request_id`."""
    desk = desk_in(request, protocol, project, as_of)
    if request_id is None:
        wanted = asked_for(desk.types, types_named(desk, types.split(",")), metrics)
    else:
        rows = desk.owner.saved_requests.filter(ended_at__isnull=True)
        wanted = asked_again(desk.types, get_object_or_404(rows, pk=request_id))
    every = desk.plan_sets
    page, further = cut(every, desk.reader, after, limit)
    desk.plan_sets = every.filter(pk__in=[row.pk for row in page])
    items = [_line(line) for line in lines_of(desk, wanted)]
    note(request, "metrics", **desk.owner.named, rows=len(items))
    edition = desk.dictionary.edition if desk.edition is None else desk.edition
    return {"items": items, "next": further, "edition": edition}


def types_named(desk: Desk, names: Iterable[str]) -> list[str]:
    """Keys of structure types, by name. Raises StatisticsError where one is none of the protocol."""
    named = {name.strip().casefold() for name in names if name.strip()}
    chosen = [str(row.pk) for row in desk.types if row.name.casefold() in named]
    if len(chosen) < len(named):
        known = ", ".join(row.name for row in desk.types)
        raise StatisticsError(f"There is no such structure type; there are {known}.")
    return chosen


def desk_in(
    request: HttpRequest,
    protocol: str,
    project: str = "",
    as_of: datetime | None = None,
    action: str = "data.view",
    needs: str = "data.statistics",
) -> Desk:
    """The desk of a protocol or project in which the reader may do what it `needs`, with rows of `action`.

    Raises Refused; StatisticsError where neither is named, or both are.
    """
    if bool(protocol) == bool(project):
        raise StatisticsError("Name a protocol or a project.")
    reader = reader_in(request, protocol, project)
    found = seen_project(request, project) if project else seen_protocol(request, protocol)
    allowed = may(reader.user, needs, reader.at, Scope.of(found))
    if not allowed:
        raise Refused(allowed)
    return Desk(reader, found, action=action, as_of=moment_of(as_of, reader))


def _line(line: Line) -> LineOut:
    plan_set, file = line.plan_set, line.plan_set.patient_file
    return LineOut(
        plan_set=plan_set.pk,
        patient=file.sent_id,
        trial_id=getattr(plan_set, "trial_id", "") or "",
        institution=file.institution.code,
        plan=plan_set.label,
        type=line.type.name,
        roi=line.roi,
        flags=list(line.flags),
        made_of=line.made_of,
        why_not=line.why_not,
        plan_for_analysis=line.analysis,
        algorithm=line.dvh.algorithm if line.dvh else "",
        volume_cc=line.dvh.volume_cc if line.dvh else None,
        prescription_gy=line.prescription_gy,
        values=[
            MetricOut(
                metric=one.metric,
                value=one.value,
                unit=one.unit,
                reason=one.reason,
                low=one.low,
                high=one.high,
            )
            for one in line.values
        ],
    )
