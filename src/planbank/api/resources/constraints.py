"""Constraints of a protocol, and what each plan came to (R137, R151).

Comes in: the name of a protocol, a constraint as text. Goes out: what its pages show, as rows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema, Status

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.access.verdict import Refused
from planbank.api.paging import After, Limit, cut
from planbank.api.problems import Problem
from planbank.api.scope import NAME, act_of, note, reader_in, seen_protocol
from planbank.naming.queries.desk import Desk
from planbank.protocols.actions.constraining import Wish, add, end, in_force
from planbank.protocols.constraints.grammar import LONGEST
from planbank.protocols.models import Constraint, Protocol
from planbank.statistics.reviews import overall_of
from planbank.statistics.verdicts import judged_plans, verdicts_of

router = Router(tags=["names and numbers"])
Within = Annotated[str, Query(min_length=1, max_length=32, pattern=NAME, description="name of a protocol")]
Number = Annotated[int, Query(ge=1, le=2**62, description="id of a constraint")]
_ANSWERS = {401: Problem, 403: Problem, 404: Problem, 422: Problem}


class ConstraintOut(Schema):
    """A constraint in force. `arm` empty: all; `tolerated`: how far an acceptable variation goes."""

    id: int
    text: str
    arm: str
    type: str
    metric: str
    operator: str
    limit: float
    tolerated: float | None
    unit: str
    since: datetime


class Constraints(Schema):
    """All constraints of a protocol."""

    items: list[ConstraintOut]
    next: str | None


class ConstraintIn(Schema):
    """A constraint as people write it: 'Heart Dmean <= 2 Gy, tolerate 2.5 Gy'."""

    text: str = Field(min_length=1, max_length=LONGEST)
    arm: str = Field(default="", max_length=64)


class VerdictOut(Schema):
    """What one plan came to. `verdict`: met, tolerated, cannot (with its reason), not met.

    `plan_verdict`: the worst of the plan's, or what a person said instead (`overruled_by`, `_because`).
    """

    plan_set: int
    patient: str
    trial_id: str
    institution: str
    constraint: int
    text: str
    verdict: str
    value: float | None
    unit: str
    reason: str
    algorithm: str
    edition: int
    judged_at: datetime
    plan_verdict: str
    overruled_by: str
    overruled_because: str


class Verdicts(Schema):
    """A page of plans, with every verdict of each."""

    items: list[VerdictOut]
    next: str | None


@router.get("/constraints", response={200: Constraints, **_ANSWERS})
def constraints(request: HttpRequest, protocol: Within) -> dict[str, object]:
    """What a protocol asks of the dose."""
    here = _allowed(request, protocol, "data.statistics")
    return {"items": [_constraint(one) for one in in_force(here)], "next": None}


@router.post("/constraints", response={201: Constraints, **_ANSWERS})
def new(request: HttpRequest, given: ConstraintIn, protocol: Within) -> Status[dict[str, object]]:
    """Add a constraint; every plan of the protocol is judged by it. One that stands already adds nothing."""
    here = _allowed(request, protocol, "dictionary.edit")
    made = add(act_of(request), here, [Wish(given.text, given.arm)])
    return Status(201, {"items": [_constraint(one) for one in made], "next": None})


@router.delete("/constraints", response={204: None, 409: Problem, **_ANSWERS})
def ended(request: HttpRequest, protocol: Within, constraint: Number) -> Status[None]:
    """End a constraint; its verdicts go."""
    here = _allowed(request, protocol, "dictionary.edit")
    row = get_object_or_404(Constraint, pk=constraint, protocol=here, ended_at__isnull=True)
    end(act_of(request), here, row)
    return Status(204, None)


@router.get("/verdicts", response={200: Verdicts, **_ANSWERS})
def verdicts(request: HttpRequest, after: After, limit: Limit, protocol: Within) -> dict[str, object]:
    """How each plan keeps the constraints of a protocol."""
    here = _allowed(request, protocol, "data.statistics")
    desk = Desk(reader_in(request, protocol), here, action="data.view")
    asked = in_force(here)
    page, further = cut(judged_plans(desk, asked).order_by(), desk.reader, after, limit)
    found = verdicts_of(page, asked)
    overall = overall_of(here, page, found)
    items = [
        VerdictOut(
            plan_set=row.pk,
            patient=row.patient_file.sent_id,
            trial_id=getattr(row, "trial_id", "") or "",
            institution=row.patient_file.institution.code,
            constraint=one.pk,
            text=one.text,
            verdict=told.state,
            value=told.value,
            unit=one.unit,
            reason=told.reason,
            algorithm=told.algorithm,
            edition=told.edition,
            judged_at=told.judged_at,
            plan_verdict=overall[row.pk].state,
            overruled_by=overall[row.pk].by,
            overruled_because=overall[row.pk].because,
        )
        for row in page
        for one in asked
        if (told := found[row.pk].get(one.pk)) is not None
    ]
    note(request, "verdicts", protocol=protocol, rows=len(items))
    return {"items": items, "next": further}


def _allowed(request: HttpRequest, protocol: str, action: str) -> Protocol:
    """The protocol, where the caller may do `action` there. Raises Refused."""
    here = seen_protocol(request, protocol)
    reader = reader_in(request, protocol)
    if not (verdict := may(reader.user, action, reader.at, Scope.of(here))):
        raise Refused(verdict)
    return here


def _constraint(one: Constraint) -> ConstraintOut:
    return ConstraintOut(
        id=one.pk,
        text=one.text,
        arm=one.arm,
        type=one.structure_type.name,
        metric=one.metric,
        operator=one.operator,
        limit=one.limit,
        tolerated=one.tolerated,
        unit=one.unit,
        since=one.added_at,
    )
