"""Protocols and projects, and what stands in a protocol."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status

from planbank.access.listing import centres_in_reach, projects_seen, protocols_seen
from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.access.verdict import Refused
from planbank.api.paging import After, Limit, cut
from planbank.api.problems import Problem
from planbank.api.scope import NAME, note, seen_protocol
from planbank.errors import ProtocolError
from planbank.protocols.act import Act
from planbank.protocols.actions.participants import save_participant
from planbank.protocols.models import Participant
from planbank.protocols.roster.wishes import read_wish
from planbank.reach import Reader
from planbank.reach.roster import roster_for

InOne = Query(..., max_length=32, pattern=NAME, description="short name of the protocol")
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
    """Whom a protocol expects. `revision` goes along with a change."""

    trial_id: str
    revision: int
    institution: str
    arm: str
    laterality: str
    breathing: str
    consent: str
    expected_on: date | None
    has_data: bool
    attributes: dict[str, object]


class ParticipantIn(Schema):
    """A participant as text; what is left out stays as it is, or empty for a new one.

    `patient_id`: the number at the centre, for people of that centre only. Days as 2026-03-01.
    """

    trial_id: str = Field(max_length=64)
    institution: str | None = Field(None, max_length=16)
    arm: str | None = Field(None, max_length=64)
    laterality: str | None = Field(None, max_length=16)
    breathing: str | None = Field(None, max_length=16)
    consent: str | None = Field(None, max_length=16)
    consent_on: str | None = Field(None, max_length=16)
    expected_on: str | None = Field(None, max_length=16)
    patient_id: str | None = Field(None, max_length=64)
    attributes: dict[str, str] = Field(default_factory=dict, max_length=100)


class ParticipantChange(ParticipantIn):
    """A change, with the revision that it was decided on."""

    revision: int = Field(ge=1, le=2_000_000_000)


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


@router.post("/participants", response={201: ParticipantOut, 409: Problem, **_ERRORS})
def register(request: HttpRequest, given: ParticipantIn, protocol: str = InOne) -> Status[ParticipantOut]:
    """Register a participant, by the same rules as the form."""
    return Status(201, _participant(_save(request, protocol, given, None)))


@router.patch("/participants", response={200: ParticipantOut, 409: Problem, **_ERRORS})
def change(request: HttpRequest, given: ParticipantChange, protocol: str = InOne) -> ParticipantOut:
    """Change the participant of this trial ID; 409 where somebody else was first."""
    return _participant(_save(request, protocol, given, given.revision))


def _save(request: HttpRequest, protocol: str, given: ParticipantIn, seen: int | None) -> Participant:
    reader, here = request.reader, seen_protocol(request, protocol)  # type: ignore[attr-defined]
    verdict = may(reader.user, "participant.edit", reader.at, Scope("protocol", here.pk))
    if not verdict:
        raise Refused(verdict)
    row = None
    if seen is not None:
        allowed = centres_in_reach(reader.user, "participant.edit", reader.at, Scope("protocol", here.pk))
        rows = Participant.objects.filter(protocol=here, trial_id__iexact=given.trial_id)
        rows = rows if allowed is None else rows.filter(institution__in=allowed)
        row = get_object_or_404(rows.select_related("institution", "protocol"))
    act = Act.of(reader.user, reader.at)
    roster = roster_for(reader.user, here, act)
    typed = given.dict(exclude={"attributes", "revision"}, exclude_none=True)
    cells = {name: text.strip() for name, text in {**given.attributes, **typed}.items()}
    if unknown := sorted(set(cells) - set(roster.columns)):
        raise ProtocolError(f"{unknown[0]}: " + _("It is not known, or not yours to say."))
    wish, wrong = read_wish(roster, cells, row)
    if wish is None:
        raise ProtocolError("; ".join(f"{name}: {said}" for name, said in wrong.items()))
    saved = save_participant(act, here, wish, row, seen or 0)
    note(request, "participants", protocol=here.short_name)
    return saved


def _of_paths(rows: QuerySet[Participant], reader: Reader, protocol: int) -> QuerySet[Participant]:
    """Those of the institutions that the reader's grants here are about."""
    allowed = centres_in_reach(reader.user, "participant.view", reader.at, Scope("protocol", protocol))
    return rows if allowed is None else rows.filter(institution__in=allowed)


def _participant(row: Participant) -> ParticipantOut:
    return ParticipantOut(
        trial_id=row.trial_id,
        revision=row.revision,
        institution=row.institution.code,
        arm=row.arm,
        laterality=row.laterality,
        breathing=row.breathing,
        consent=row.consent,
        expected_on=row.expected_on,
        has_data=row.patient_id is not None,
        attributes=row.attributes,
    )
