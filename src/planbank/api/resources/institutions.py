"""Institutions of which the reader may see something."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema

from planbank.api.problems import Problem

router = Router(tags=["institutions"])


class InstitutionOut(Schema):
    """One hospital department."""

    code: str
    name: str
    country: str


class Institutions(Schema):
    """All of them: there are few."""

    items: list[InstitutionOut]
    next: None = None


@router.get("/institutions", response={200: Institutions, 401: Problem})
def institutions(request: HttpRequest) -> Institutions:
    """The institutions of which you may see something."""
    rows = request.reader.institutions()  # type: ignore[attr-defined]
    return Institutions(items=[InstitutionOut(code=r.code, name=r.name, country=r.country) for r in rows])
