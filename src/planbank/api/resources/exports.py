"""Files: exports asked for, watched, cancelled, taken (R113, R155, R190).

Comes in: what is wanted, as the form of the site asks it. Goes out: the export as it stands, and its ZIP. Who
approves it does so on the site: another person, who reads the purpose.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, StreamingHttpResponse
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import HttpError

from planbank.access.holding import while_held
from planbank.access.models import Token
from planbank.access.queries.exports import exports_seen
from planbank.access.tokens import is_in_force
from planbank.access.verdict import Refused, Verdict
from planbank.api.paging import After, Limit, cut
from planbank.api.problems import Problem
from planbank.api.scope import InProject, InProtocol, act_of, reader_in
from planbank.delivery.rules import open_to
from planbank.delivery.words import words
from planbank.errors import ProtocolError
from planbank.people.models import Institution
from planbank.people.zones import end_in
from planbank.protocols.act import Act
from planbank.protocols.models import Project, Protocol, StructureType
from planbank.reach import Reader
from planbank.services.export.choose import within_reach
from planbank.services.export.taking import take
from planbank.takeout import asking
from planbank.takeout.models import Export, ExportFile
from planbank.takeout.selection import Selection

router = Router(tags=["exports"])
_ERRORS = {401: Problem, 403: Problem, 404: Problem, 422: Problem}
DAYS = 30
Names = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=100)]
Kind = Literal["images", "structures", "plans", "doses", "others"]


class ExportIn(Schema):
    """What is wanted. Lists that are empty: all. `last_day`: 30 days from now where it is left out;
    `destination`: a confirmed node that gets the files by DICOM, empty where you download them."""

    form: Literal["pseudonymised", "raw"] = "pseudonymised"
    purpose: str = Field(min_length=1, max_length=2000)
    recipient: str = Field(default="", max_length=200)
    kinds: list[Kind] = Field(default=[], max_length=5)
    institutions: Names = []
    structure_types: Names = []
    arrived_from: date | None = None
    arrived_to: date | None = None
    last_day: date | None = None
    destination: str = Field(default="", max_length=64)


class ExportOut(Schema):
    """One export. `state`: asked, preparing, ready, sent, refused, cancelled, revoked;
    `size` in bytes; `accepted`: objects that the destination has, `problem`: why not all."""

    id: int
    revision: int
    scope: str
    scope_name: str
    form: str
    state: str
    purpose: str
    recipient: str
    asked_at: datetime
    asked_by: str
    decision: str
    until: datetime
    objects: int
    prepared: int
    failed: int
    size: int
    destination: str
    accepted: int
    problem: str


class Exports(Schema):
    """A page of exports."""

    items: list[ExportOut]
    next: str | None


@router.get("/exports", response={200: Exports, **_ERRORS})
def exports(
    request: HttpRequest, after: After, limit: Limit, protocol: InProtocol, project: InProject
) -> dict[str, object]:
    """Exports you asked for, and those you decide about."""
    reader = reader_in(request, protocol, project)
    page, further = cut(_seen(reader), reader, after, limit)
    return {"items": [_shown(row) for row in page], "next": further}


@router.post("/exports", response={201: ExportOut, **_ERRORS})
def new(request: HttpRequest, given: ExportIn, protocol: InProtocol, project: InProject) -> Status[ExportOut]:
    """Ask for files of a protocol or project; another person of it decides before anything is prepared."""
    reader = reader_in(request, protocol, project)
    if bool(protocol) is bool(project):
        raise HttpError(422, "Name one protocol or one project.")
    owner: Protocol | Project = (
        Protocol.objects.get(short_name=protocol) if protocol else Project.objects.get(short_name=project)
    )
    selection = _selection(given, owner)
    if not within_reach(reader.user, reader.at, owner, given.form, selection).exists():
        raise Refused(Verdict(False, "Nothing that you may take out in this form fits.", "level"))
    node = open_to(owner, reader.at).filter(name=given.destination).first() if given.destination else None
    if given.destination and node is None:
        raise ProtocolError("There is no confirmed destination of this name that files of it may go to.")
    day = given.last_day or reader.at.date() + timedelta(days=DAYS)
    wanted = asking.Wanted(
        owner, given.form, selection, given.purpose, given.recipient, end_in(day, ""), node
    )
    row = asking.ask(Act.of(reader.user, reader.at), wanted)
    return Status(201, _shown(_seen(reader).get(pk=row.pk)))


@router.get("/exports/{int:export}", response={200: ExportOut, **_ERRORS})
def one(request: HttpRequest, export: int) -> ExportOut:
    """How one export stands."""
    return _shown(_one(request, export))


@router.delete("/exports/{int:export}", response={204: None, 409: Problem, **_ERRORS})
def cancelled(
    request: HttpRequest, export: int, revision: Annotated[int, Query(ge=0, le=2**31)]
) -> Status[None]:
    """Cancel what you asked for and no longer want, as you read it at `revision`."""
    row = _own(request, export)
    asking.cancel(act_of(request), row, revision)
    return Status(204, None)


@router.get("/exports/{int:export}/files", response={**_ERRORS}, url_name="export-files")
def files(request: HttpRequest, export: int) -> StreamingHttpResponse:
    """The ZIP of what you asked for; a Range goes on where a download broke off."""
    row = _own(request, export)
    asked, only_if = request.headers.get("Range", ""), request.headers.get("If-Range", "")
    found = take(request.house, row, act_of(request), asked=asked, only_if=only_if)  # type: ignore[attr-defined]
    token: Token = request.token  # type: ignore[attr-defined]

    def in_force(now: datetime) -> bool:
        held = Token.objects.filter(pk=token.pk).first()
        return held is not None and is_in_force(held, now)

    clock = request.house.clock  # type: ignore[attr-defined]
    body = while_held(clock, token.user, found.pieces, in_force)
    return StreamingHttpResponse(
        body, status=found.status, content_type="application/zip", headers=found.headers
    )


def _seen(reader: Reader) -> QuerySet[Export]:
    rows = exports_seen(reader.user, reader.at)
    if reader.scope is not None:
        kind, pk = reader.scope.kind, reader.scope.id
        rows = rows.filter(**{kind: pk}) if kind in ("protocol", "project") else rows.none()
    return rows.select_related("protocol", "project", "asked_by", "destination")


def _one(request: HttpRequest, export: int) -> Export:
    reader: Reader = request.reader  # type: ignore[attr-defined]
    found = _seen(reader).filter(pk=export).first()
    if found is None:
        raise Http404
    return found


def _own(request: HttpRequest, export: int) -> Export:
    """Only who asked takes the files or cancels; who decides sees how it stands."""
    row = _one(request, export)
    if row.asked_by_id != request.reader.user.pk:  # type: ignore[attr-defined]
        raise Http404
    return row


def _selection(given: ExportIn, owner: Protocol | Project) -> Selection:
    centres = dict(Institution.objects.filter(code__in=given.institutions).values_list("code", "pk"))
    types = StructureType.objects.none()
    if isinstance(owner, Protocol):
        types = owner.structure_types.filter(name__in=given.structure_types)
    named = dict(types.values_list("name", "pk"))
    for asked, known in ((given.institutions, centres), (given.structure_types, named)):
        if unknown := sorted(set(asked) - set(known)):
            raise ProtocolError(f"Not known here: {', '.join(unknown)}")
    return Selection(
        tuple(sorted(centres.values())),
        tuple(sorted(set(given.kinds))),
        tuple(sorted(named.values())),
        given.arrived_from,
        given.arrived_to,
    )


def _shown(row: Export) -> ExportOut:
    state = ExportFile.State
    counts = dict(row.files.order_by().values_list("state").annotate(Count("pk")))
    return ExportOut(
        id=row.pk,
        revision=row.revision,
        scope="protocol" if row.protocol_id else "project",
        scope_name=row.owner.short_name,
        form=row.form,
        state=row.state,
        purpose=row.purpose,
        recipient=row.recipient,
        asked_at=row.asked_at,
        asked_by=row.asked_by.username if row.asked_by else "",
        decision=row.decision,
        until=row.until,
        objects=sum(counts.values()),
        prepared=counts.get(state.READY, 0),
        failed=counts.get(state.FAILED, 0),
        size=row.size,
        destination=row.destination.name if row.destination else "",
        accepted=row.files.filter(accepted_at__isnull=False).count() if row.destination_id else 0,
        problem=words(row.problem),
    )
