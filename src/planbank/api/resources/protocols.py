"""Protocols and projects, and what stands in a protocol."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Schema

from planbank.access.listing import centres_in_reach, projects_seen, protocols_seen
from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.access.verdict import Refused
from planbank.api.paging import After, Limit, cut
from planbank.api.problems import Problem
from planbank.api.scope import NAME, note, seen_protocol
from planbank.protocols.models import Participant
from planbank.reach import Reader

router = Router(tags=["protocols"])
_ERRORS = {401: Problem, 403: Problem, 404: Problem, 422: Problem}


class ProtocolOut(Schema):
    """One protocol's record."""

    short_name: str
    title: str
    cancer_group: str
    kind: str
    status: str
    starts_on: date | None
    ends_on: date | None
    target_accrual: int | None


class Protocols(Schema):
    """A page of protocols."""

    items: list[ProtocolOut]
    next: str | None


class ProjectOut(Schema):
    """One project's record."""

    short_name: str
    title: str
    status: str
    starts_at: datetime
    ends_at: datetime


class Projects(Schema):
    """A page of projects."""

    items: list[ProjectOut]
    next: str | None


class ParticipantOut(Schema):
    """Whom a protocol expects."""

    trial_id: str
    institution: str
    arm: str
    laterality: str
    breathing: str
    consent: str
    expected_on: date | None
    has_data: bool
    attributes: dict[str, object]


class Participants(Schema):
    """A page of participants."""

    items: list[ParticipantOut]
    next: str | None


@router.get("/protocols", response={200: Protocols, **_ERRORS})
def protocols(request: HttpRequest, after: After, limit: Limit) -> dict[str, object]:
    """Protocols whose record you may see."""
    reader = request.reader  # type: ignore[attr-defined]
    items, further = cut(protocols_seen(reader.user, reader.at, reader.scope), reader, after, limit)
    return {"items": items, "next": further}


@router.get("/projects", response={200: Projects, **_ERRORS})
def projects(request: HttpRequest, after: After, limit: Limit) -> dict[str, object]:
    """Projects whose record you may see."""
    reader = request.reader  # type: ignore[attr-defined]
    items, further = cut(projects_seen(reader.user, reader.at, reader.scope), reader, after, limit)
    return {"items": items, "next": further}


@router.get("/participants", response={200: Participants, **_ERRORS})
def participants(
    request: HttpRequest,
    after: After,
    limit: Limit,
    protocol: str = Query(..., max_length=32, pattern=NAME, description="short name of the protocol"),
) -> dict[str, object]:
    """Participants of a protocol; of other centres only where your grant shows them."""
    reader, found = request.reader, seen_protocol(request, protocol)  # type: ignore[attr-defined]
    verdict = may(reader.user, "participant.view", reader.at, Scope("protocol", found.pk))
    if not verdict:
        raise Refused(verdict)
    rows = Participant.objects.filter(protocol=found).select_related("institution")
    items, further = cut(_of_paths(rows, reader, found.pk), reader, after, limit)
    note(request, "participants", protocol=found.short_name)
    return {"items": [_participant(row) for row in items], "next": further}


def _of_paths(rows: QuerySet[Participant], reader: Reader, protocol: int) -> QuerySet[Participant]:
    """Those of the institutions that the reader's grants here are about."""
    allowed = centres_in_reach(reader.user, "participant.view", reader.at, Scope("protocol", protocol))
    return rows if allowed is None else rows.filter(institution__in=allowed)


def _participant(row: Participant) -> ParticipantOut:
    return ParticipantOut(
        trial_id=row.trial_id,
        institution=row.institution.code,
        arm=row.arm,
        laterality=row.laterality,
        breathing=row.breathing,
        consent=row.consent,
        expected_on=row.expected_on,
        has_data=row.patient_id is not None,
        attributes=row.attributes,
    )
