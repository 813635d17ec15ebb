"""Who the token is: a first call to see that all is well."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema

from planbank.api.problems import Problem

router = Router(tags=["me"])


class Me(Schema):
    """The person, and what the token is held to."""

    username: str
    name: str
    token: str
    purpose: str
    held_to: str
    until: datetime


@router.get("/me", response={200: Me, 401: Problem})
def me(request: HttpRequest) -> Me:
    """The person behind the token, and how long it lasts."""
    token = request.token  # type: ignore[attr-defined]
    held = f"{token.scope_kind} {token.scope_id}" if token.scope_kind else ""
    return Me(
        username=token.user.username,
        name=token.user.name,
        token=token.name,
        purpose=token.purpose,
        held_to=held,
        until=token.until,
    )
