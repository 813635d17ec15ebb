"""One's own entries of the journal; more where a grant says so, on the site."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema

from planbank.api.paging import After, Limit, cut
from planbank.api.problems import Problem
from planbank.journal.models import Entry

router = Router(tags=["journal"])


class EntryOut(Schema):
    """One act. It names no patient."""

    at: datetime
    actor: str
    action: str
    object_kind: str
    object_id: str
    institution: str
    protocol: str
    purpose: str
    outcome: str


class Journal(Schema):
    """A page of entries, oldest first."""

    items: list[EntryOut]
    next: str | None


@router.get("/journal", response={200: Journal, 401: Problem, 422: Problem})
def journal(request: HttpRequest, after: After, limit: Limit) -> dict[str, object]:
    """What you did yourself."""
    user = request.reader.user  # type: ignore[attr-defined]
    rows = Entry.objects.filter(actor_kind="user", actor=user.username)
    items, further = cut(rows, after, limit)
    return {"items": items, "next": further}
