"""Parcels about storage commitment, as register finds them.

Comes in: a request, or the gate's word on what became of a report. Goes out: rows, journal
entries and events, in register's transaction. Safe to run twice on one parcel.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import structlog

from planbank.catalogue.models import Commitment
from planbank.errors import DicomError
from planbank.journal.record import Actor, record
from planbank.messages.models import Event, EventKind
from planbank.services.commit.read import read_request

if TYPE_CHECKING:
    from planbank.house import House
    from planbank.people.queries import Decision
    from planbank.transit.parcel import Header

log = structlog.get_logger(__name__)
State = Commitment.State
_ENDS = {"reported": State.REPORTED, "given-up": State.GIVEN_UP, "no-node": State.NO_NODE}


def ask(house: House, header: Header, decision: Decision, data: bytes) -> None:
    """Note a request. What is in the transit area by now had arrived before it and counts."""
    row = Commitment(
        parcel_id=header.parcel_id,
        institution=decision.institution,
        sender=decision.sender,
        association_id=header.association_id,
        calling_ae=header.calling_ae,
        called_ae=header.called_ae,
        address=header.address,
        secured=bool(header.certificate),
        upto=max(house.tray.waiting(), default=header.parcel_id),
        asked_at=header.received_at,
    )
    try:
        request = read_request(data, header.transfer_syntax_uid)
        row.transaction_uid = request.transaction_uid
        row.references = [list(reference) for reference in request.references]
    except DicomError as exc:
        row.state, row.detail, row.ended_at = State.UNREADABLE, str(exc)[:200], house.clock.now()
    except Exception as exc:  # one request must never hold up what comes after it
        log.exception("a request could not be read", parcel=header.parcel_id)
        row.state, row.ended_at = State.UNREADABLE, house.clock.now()
        row.detail = f"It could not be read ({type(exc).__name__})."
    if Commitment.objects.filter(parcel_id=header.parcel_id).exists():
        return  # noted before a crash; register alone writes here
    row.save(force_insert=True)
    record(
        Actor("sender", header.calling_ae),
        "ask for storage commitment",
        house.clock.now(),
        object_kind="commitment",
        object_id=header.parcel_id,
        institution=decision.institution.code if decision.institution else "",
        outcome="refused" if row.state == State.UNREADABLE else "done",
        objects=len(row.references),
    )


def end(house: House, body: bytes) -> str:
    """Note what became of a report; the id of its request, empty where the parcel names none."""
    told = _told(body)
    request_id, state = str(told.get("request", "")), _ENDS.get(str(told.get("outcome")))
    row = Commitment.objects.select_for_update().filter(parcel_id=request_id).first()
    if row is None or state is None:
        return ""
    if row.ended_at is not None:
        return request_id  # told twice: the gate was killed between word and deed
    now = house.clock.now()
    row.state, row.ended_at, row.detail = state, now, str(told.get("reason", ""))[:200]
    row.references, row.failed = [], []
    row.save()
    record(
        Actor("service", "gate"),
        "report storage commitment",
        now,
        object_kind="commitment",
        object_id=request_id,
        institution=row.institution.code if row.institution else "",
        outcome="done" if state == State.REPORTED else "failed",
        safe=row.safe_count,
        failed=row.failed_count,
        how=str(told.get("via") or told.get("outcome"))[:20],
    )
    if state != State.REPORTED:
        _tell(row, state, told)
    return request_id


def _tell(row: Commitment, state: str, told: dict[str, Any]) -> None:
    params = {
        "calling_ae": row.calling_ae,
        "address": row.address,
        "why": str(state),
        "reason": row.detail,
        "attempts": told.get("attempts") if isinstance(told.get("attempts"), int) else 0,
    }
    Event.objects.bulk_create(
        [
            Event(
                at=row.ended_at,
                kind=EventKind.NOT_REPORTED,
                institution=row.institution,
                parcel_id=row.parcel_id,
                params=params,
            )
        ],
        ignore_conflicts=True,
    )


def _told(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
