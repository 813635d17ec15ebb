"""In which protocol, institution or project a request reads, and the note that it did.

Comes in: a request and the names in its address. Goes out: a Reader held to them, or Refused.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query

from planbank.access.listing import projects_seen, protocols_seen
from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.access.verdict import Refused, Verdict
from planbank.journal.record import Actor, record
from planbank.protocols.act import Act
from planbank.protocols.models import Project, Protocol
from planbank.reach import Reader

NAME = r"^[A-Za-z0-9_.-]*$"
InProtocol = Annotated[str, Query(default="", max_length=32, pattern=NAME, description="name of a protocol")]
InProject = Annotated[str, Query(default="", max_length=32, pattern=NAME, description="name of a project")]
InInstitution = Annotated[
    str, Query(default="", max_length=16, pattern=NAME, description="code of an institution")
]
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)
_HIDDEN = Refused(Verdict(False, ""))


def reader_in(request: HttpRequest, protocol: str = "", project: str = "") -> Reader:
    """The reader of a request, held to a protocol or project where one is named."""
    reader: Reader = request.reader  # type: ignore[attr-defined]
    if protocol:
        return _held(reader, Scope("protocol", seen_protocol(request, protocol).pk))
    if project:
        return _held(reader, Scope("project", seen_project(request, project).pk))
    return reader


def seen_project(request: HttpRequest, short_name: str) -> Project:
    """A project whose record the reader may see. Raises Refused."""
    reader: Reader = request.reader  # type: ignore[attr-defined]
    found = projects_seen(reader.user, reader.at, reader.scope).filter(short_name=short_name).first()
    if found is None:
        raise _HIDDEN
    return found


def seen_protocol(request: HttpRequest, short_name: str) -> Protocol:
    """A protocol whose record the reader may see. Raises Refused."""
    reader: Reader = request.reader  # type: ignore[attr-defined]
    found = protocols_seen(reader.user, reader.at, reader.scope).filter(short_name=short_name).first()
    if found is None:
        raise _why_not(reader, Protocol.objects.filter(short_name=short_name).first())
    return found


def _why_not(reader: Reader, protocol: Protocol | None) -> Refused:
    """Hidden and absent are alike; who could see it until lately is told whom to ask (R199)."""
    if protocol is None or reader.scope not in (None, Scope.of(protocol)):
        return _HIDDEN
    verdict = may(reader.user, "protocol.view", reader.at, Scope.of(protocol))
    return Refused(verdict) if verdict.kind == "lapsed" else _HIDDEN


def moment_of(as_of: datetime | None, reader: Reader) -> datetime | None:
    """The moment a list is asked for, in the zone of the reader's clock where it names none.

    Years that no database holds in every zone are moved to where nothing was yet, or all that is.
    """
    if as_of is None:
        return None
    if not EARLIEST.year <= as_of.year <= LATEST.year:
        return EARLIEST if as_of.year < EARLIEST.year else LATEST
    return as_of if as_of.tzinfo else as_of.replace(tzinfo=reader.at.tzinfo)


def act_of(request: HttpRequest) -> Act:
    """What the caller does now, as the journal will have it."""
    reader: Reader = request.reader  # type: ignore[attr-defined]
    return Act.of(reader.user, reader.at)


def note(request: HttpRequest, resource: str, protocol: str = "", **what: Any) -> None:
    """Journal that a token read something of patients (R116)."""
    token = request.token  # type: ignore[attr-defined]
    record(
        Actor("user", token.user.username),
        "read by API",
        request.reader.at,  # type: ignore[attr-defined]
        object_kind=resource,
        protocol=protocol,
        purpose=token.purpose,
        token=token.pk,
        **what,
    )


def _held(reader: Reader, scope: Scope) -> Reader:
    if reader.scope is not None and reader.scope != scope:
        raise _HIDDEN
    return replace(reader, scope=scope)
