"""What the person of a request may reach, and the note that they looked.

Comes in: a request. Goes out: rows of `planbank.reach`, or a refusal; entries in the journal.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from planbank.access.policy import institutions_of, may, visible
from planbank.catalogue.models import PatientFile
from planbank.journal.record import Actor, record
from planbank.people.models import Institution, User
from planbank.protocols.models import Protocol
from planbank.reach import Reader, is_veiled, unveil_labels
from planbank.web.pages import house_of


def reader_of(request: HttpRequest) -> Reader:
    """Who reads, now."""
    assert isinstance(request.user, User)
    return Reader(request.user, house_of(request).clock.now())


def mine(request: HttpRequest, model: type[Model]) -> QuerySet[Any]:
    """The rows of a model that this person may see now, each veiled as its level asks."""
    return reader_of(request).rows(model)


def ours(request: HttpRequest, model: type[Model]) -> QuerySet[Any]:
    """The rows of one's own institutions: what they sent, whole."""
    return reader_of(request).own(model)


def one_of(
    request: HttpRequest, model: type[Model], pk: int, *related: str, action: str = "data.view"
) -> Any:
    """One row, veiled. Raises Refused: 404, or 403 with the reason for whom it may be told."""
    return reader_of(request).one(model, pk, *related, action=action)


def reach_key(request: HttpRequest) -> tuple[object, ...]:
    """What `mine` was narrowed by: the same for everybody who sees the same rows."""
    return reader_of(request).key()


def my_institutions(request: HttpRequest) -> list[Institution]:
    """The institutions that this person works for now."""
    assert isinstance(request.user, User)
    return list(institutions_of(request.user, house_of(request).clock.now()))


def seen_institutions(request: HttpRequest) -> list[Institution]:
    """The institutions of which this person may see something."""
    return reader_of(request).institutions()


def sees_only_named(request: HttpRequest) -> bool:
    """Whether every row this person sees is seen by name."""
    return reader_of(request).sees_only_named()


def words_allowed(request: HttpRequest) -> dict[str, Any]:
    """How searches may look into rows of `mine`."""
    return reader_of(request).words_allowed()


def may_add(request: HttpRequest, institution: int) -> bool:
    """Whether this person adds data of an institution to some protocol."""
    assert isinstance(request.user, User)
    at = house_of(request).clock.now()
    rows = Institution.objects.filter(pk=institution)
    return visible(request.user, "data.add", rows, institution="pk", at=at).exists()


def addable_institutions(request: HttpRequest) -> set[int]:
    """The institutions whose data this person adds to some protocol."""
    assert isinstance(request.user, User)
    at = house_of(request).clock.now()
    rows = visible(request.user, "data.add", Institution.objects.all(), institution="pk", at=at)
    return set(rows.values_list("pk", flat=True))


def may_link(request: HttpRequest) -> bool:
    """Whether this person decides for some institution who is who."""
    return bool(may(request.user, "patient.link", house_of(request).clock.now()))


def note(request: HttpRequest, action: str, **what: Any) -> None:
    """Journal that this person looked, searched or took a list out (R116)."""
    assert isinstance(request.user, User)
    record(Actor("user", request.user.username), action, house_of(request).clock.now(), **what)


def through(row: Any) -> str:
    """Short name of the protocol that a row is seen through; empty for one's own institution's."""
    seen_through = getattr(row, "seen_through", None)
    if not seen_through:
        return ""
    return Protocol.objects.filter(pk=seen_through).values_list("short_name", flat=True).first() or ""


def note_view(request: HttpRequest, file: PatientFile, row: Any = None, **what: int) -> None:
    """Journal one view of a patient's data; `what` names the series or object, `row` is what was read."""
    note(
        request,
        "view",
        object_kind="patient file",
        object_id=file.pk,
        institution=file.institution.code,
        protocol=through(row or file),
        **what,
    )


__all__ = [
    "addable_institutions",
    "is_veiled",
    "may_add",
    "may_link",
    "mine",
    "my_institutions",
    "note",
    "note_view",
    "one_of",
    "ours",
    "reach_key",
    "reader_of",
    "seen_institutions",
    "sees_only_named",
    "through",
    "unveil_labels",
    "words_allowed",
]
