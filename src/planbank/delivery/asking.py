"""Asking for forwards, and what people do with them (R87, R90, R91).

Comes in: an act, a destination, a protocol, what shall go. Goes out: the forward, journalled; the service
`forward` then finds its objects. Raises DeliveryError with the reason where it may not be.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from planbank.catalogue.lanes import lane_of
from planbank.catalogue.models import PatientFile
from planbank.delivery.models import Delivery, Destination, Forward
from planbank.delivery.rules import why_not, why_not_patient
from planbank.delivery.words import words
from planbank.errors import DeliveryError
from planbank.pipeline.due import make_due
from planbank.protocols.act import Act
from planbank.protocols.models import Protocol, Trigger

State, D = Forward.State, Delivery.State
OPEN = [D.WAITING, D.SENDING]
NOT_GONE = [D.REFUSED, D.FAILED, D.WITHHELD, D.CANCELLED]


@dataclass(frozen=True)
class Wanted:
    """One plan set or loose series for one destination; `held`: why it waits for a click first."""

    destination: Destination
    protocol: Protocol
    file: PatientFile
    subject_uid: str
    waits: str = Forward.Waits.NOTHING
    trigger: Trigger | None = None
    held: str = ""


@transaction.atomic
def ask(act: Act, wanted: Wanted) -> Forward:
    """Make the forward, once; a person's asking again opens a cancelled one. Raises DeliveryError."""
    said = why_not(wanted.destination, wanted.protocol, wanted.file.institution_id, act.at)
    if said := said or why_not_patient(wanted.protocol, wanted.file):
        raise DeliveryError(words(said))
    row, made = Forward.objects.select_for_update(of=("self",)).get_or_create(
        destination=wanted.destination,
        protocol=wanted.protocol,
        patient_file=wanted.file,
        subject_uid=wanted.subject_uid,
        defaults={
            "institution": wanted.file.institution,
            "trigger": wanted.trigger,
            "waits": wanted.waits,
            "state": State.HELD if wanted.held else State.OPEN,
            "reason": wanted.held,
            "asked_at": act.at,
            "asked_by": act.user,
        },
    )
    if made:
        journal(act, "ask to forward", row, held=wanted.held)
    elif act.user is not None and row.state != State.OPEN:
        _set(act, row, State.OPEN, "ask to forward")
        again(act, row)
    look(act, row)
    return row


@transaction.atomic
def release(act: Act, row: Forward) -> None:
    """Let go what waits: the one click (model.md); images that are not complete go too."""
    Forward.objects.filter(pk=row.pk).update(waits=Forward.Waits.NOTHING)
    _set(act, row, State.OPEN, "release forward")
    look(act, row)


@transaction.atomic
def pause(act: Act, row: Forward) -> None:
    """Nothing more of it goes until it is resumed; an object on its way arrives."""
    if row.state == State.OPEN:
        _set(act, row, State.PAUSED, "pause forward")


@transaction.atomic
def resume(act: Act, row: Forward) -> None:
    """Go on."""
    if row.state == State.PAUSED:
        _set(act, row, State.OPEN, "resume forward")
        look(act, row)


@transaction.atomic
def cancel(act: Act, row: Forward) -> int:
    """Nothing more of it goes; returns how many objects did not. What went cannot be called back."""
    _set(act, row, State.CANCELLED, "cancel forward")
    others = Forward.objects.exclude(pk=row.pk).exclude(state=State.CANCELLED)
    mine = row.deliveries.filter(state=D.WAITING).exclude(forwards__in=others)
    return Delivery.objects.filter(pk__in=list(mine.values_list("pk", flat=True))).update(
        state=D.CANCELLED, reason="cancelled", ended_at=act.at
    )


@transaction.atomic
def resend(act: Act, row: Forward) -> int:
    """Try again what did not go, and only that; returns how many."""
    count = again(act, row)
    if row.state == State.CANCELLED:
        _set(act, row, State.OPEN, "resend forward")
    else:
        journal(act, "resend forward", row, objects=count)
    look(act, row)
    return count


def again(act: Act, row: Forward) -> int:
    """Make what did not go wait again."""
    Forward.objects.filter(pk=row.pk).update(told_failed=0)
    ids = list(row.deliveries.filter(state__in=NOT_GONE).values_list("pk", flat=True))
    return Delivery.objects.filter(pk__in=ids, state__in=NOT_GONE).update(
        state=D.WAITING, reason="", status=None, comment="", attempts=0, due_at=act.at, ended_at=None
    )


def look(act: Act, row: Forward) -> None:
    """Let the service find what belongs to it."""
    make_due("forward", [(row.patient_file_id, lane_of(row.patient_file_id))], act.at)


def journal(act: Act, action: str, row: Forward, **what: object) -> None:
    """One entry about a forward: where to, under what, for what."""
    act.journal(
        action,
        object_kind="patient file",
        object_id=row.patient_file_id,
        institution=row.institution.code,
        protocol=row.protocol.short_name,
        purpose=row.destination.purpose[:200],
        destination=row.destination.name,
        to=row.destination.institution.code,
        forward=row.pk,
        **what,
    )


def held_for(trigger: Trigger, institution_id: int, at: object, a_day: int) -> str:
    """Whether the next forward by this trigger waits for a click: 'first', 'many' or '' (model.md)."""
    mine = Forward.objects.filter(trigger=trigger, institution=institution_id)
    if not mine.exclude(Q(state=State.HELD) | Q(state=State.CANCELLED, ended_at=None)).exists():
        return "first"
    today = mine.filter(asked_at__date=at.date()).count()  # type: ignore[attr-defined]
    return "many" if today >= a_day else ""


def _set(act: Act, row: Forward, state: str, action: str) -> None:
    Forward.objects.filter(pk=row.pk).update(state=state, reason="")
    row.state = State(state)
    journal(act, action, row)
