"""Sending what is due to one destination.

Comes in: a destination that nobody else serves. Goes out: objects byte for byte as they were received;
what came of each, committed before the next one goes. Killed in between, at most one object goes a
second time, which does nothing (PS3.4 B.2).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Prefetch

from planbank.archive.names import object_key
from planbank.delivery.asking import journal
from planbank.delivery.models import Delivery, Destination, Forward
from planbank.delivery.rules import why_withheld
from planbank.errors import NoLine, ObjectMissing, SettingsError
from planbank.forwarding.files import as_file
from planbank.forwarding.line import MAX_CONTEXTS, Answer, Line, connect
from planbank.house import House
from planbank.protocols.act import Act
from planbank.services.forward.backing_off import after, pause
from planbank.services.forward.ends import settle
from planbank.services.forward.nodes import node_of

PORTION = 500
D = Delivery.State
BUSY, HAS_IT = 0xA7, 0x0111  # out of resources: it may go later; a duplicate: it is there


@dataclass
class _Round:
    """One association's worth of work."""

    house: House
    destination: Destination
    stop: threading.Event
    told: set[int] = field(default_factory=set)  # forwards whose disclosure stands in the journal
    touched: set[int] = field(default_factory=set)

    def now(self) -> datetime:
        return self.house.clock.now()


def deliver(house: House, destination_id: int, stop: threading.Event | None = None) -> int:
    """Send all that is due; returns how many objects were taken. Call with the destination's lock held."""
    stop = stop or threading.Event()
    Delivery.objects.filter(destination=destination_id, state=D.SENDING).update(state=D.WAITING)
    taken = 0
    while not stop.is_set():
        destination = Destination.objects.select_related("institution").get(pk=destination_id)
        this = _Round(house, destination, stop)
        if destination.is_paused or (destination.retry_at and destination.retry_at > this.now()):
            return taken
        batch = _portion(this)
        if not batch:
            return taken
        went, goes_on = _send(this, batch)
        taken += went
        for pk in sorted(this.touched):
            settle(pk, this.now())
        if not goes_on:
            return taken
    return taken


def _portion(this: _Round) -> list[Delivery]:
    """What is due, first asked first; no more presentation contexts than one association holds."""
    due = Delivery.objects.filter(
        destination=this.destination, state=D.WAITING, due_at__lte=this.now(), forwards__state="open"
    )
    opened = Forward.objects.filter(state=Forward.State.OPEN)
    related = ("destination__institution", "protocol", "institution")
    rows = due.distinct().order_by("pk").select_related("version")
    rows = rows.prefetch_related(Prefetch("forwards", opened.select_related(*related), to_attr="wanting"))
    batch: list[Delivery] = []
    contexts: set[tuple[str, str]] = set()
    for row in rows[:PORTION]:
        contexts.add(_context(row))
        if len(contexts) > MAX_CONTEXTS:
            break
        batch.append(row)
    return batch


def _send(this: _Round, batch: list[Delivery]) -> tuple[int, bool]:
    """Send a portion; returns how many were taken, and whether to go on with the next one."""
    allowed = [row for row in batch if not _withhold(this, row)]
    if not allowed:
        return 0, True
    try:
        line = connect(node_of(this.house.settings, this.destination), {_context(row) for row in allowed})
    except NoLine as exc:
        if exc.code != "nothing-accepted":
            after(this.house, this.destination, exc.code)
            return 0, False
        for row in allowed:
            _end(this, row, D.REFUSED, exc.code)
        return 0, True
    except SettingsError:
        after(this.house, this.destination, "settings")
        return 0, False
    taken = 0
    with line:
        _reached(this)
        for row in allowed:
            if this.stop.is_set() or not _goes_on(this) or _withhold(this, row):
                continue
            answer = _one(this, line, row)
            taken += answer.what == "taken" or answer.status == HAS_IT
            if not line.is_open:
                after(this.house, this.destination, "no-answer")
                return taken, False
    return taken, True


def _one(this: _Round, line: Line, row: Delivery) -> Answer:
    """Send one object and commit what came of it."""
    if not Delivery.objects.filter(pk=row.pk, state=D.WAITING).update(
        state=D.SENDING, attempts=row.attempts + 1
    ):
        return Answer("unreadable")  # cancelled meanwhile
    row.attempts += 1
    _disclose(this, row)
    try:
        with this.house.store.open(object_key(row.version.content_hash)) as stream, as_file(stream) as path:
            answer = line.store(path, *_context(row))
    except ObjectMissing:
        _end(this, row, D.FAILED, "missing")
        return Answer("unreadable")
    if answer.what == "taken" or answer.status == HAS_IT:
        _end(this, row, D.DELIVERED, "", answer)
    elif answer.what == "refused" and (answer.status or 0) >> 8 != BUSY:
        _end(this, row, D.REFUSED, "status", answer)
    elif answer.what in ("not-accepted", "unreadable"):
        _end(this, row, D.REFUSED if answer.what == "not-accepted" else D.FAILED, answer.what, answer)
    elif row.attempts >= this.house.settings.forward_tries:
        _end(this, row, D.FAILED, "status" if answer.status else "no-answer", answer)
    else:
        _later(this, row, answer)
    return answer


def _later(this: _Round, row: Delivery, answer: Answer) -> None:
    Delivery.objects.filter(pk=row.pk).update(
        state=D.WAITING,
        reason="status" if answer.status else "no-answer",
        status=answer.status,
        comment=answer.comment,
        due_at=this.now() + pause(row.attempts),
    )


def _withhold(this: _Round, row: Delivery) -> bool:
    """Whether it may not go now: asked at the moment it would (R89)."""
    said = why_withheld(row, this.now())
    if said == "cancelled":
        return True  # no forward wants it now: paused, held, or cancelled
    if said:
        _end(this, row, D.WITHHELD, said)
    return bool(said)


def _goes_on(this: _Round) -> bool:
    """Whether nobody paused or switched off the destination meanwhile."""
    going = Destination.objects.filter(pk=this.destination.pk, is_paused=False, is_active=True)
    return going.exists()


@transaction.atomic
def _end(
    this: _Round, row: Delivery, state: Delivery.State, reason: str, answer: Answer | None = None
) -> None:
    said = {"status": answer.status, "comment": answer.comment} if answer else {}
    Delivery.objects.filter(pk=row.pk).update(state=state, reason=reason, ended_at=this.now(), **said)
    this.touched |= {one.pk for one in row.wanting}  # type: ignore[attr-defined]


def _disclose(this: _Round, row: Delivery) -> None:
    """The journal knows of a disclosure before its first object goes: where to, under what, for what."""
    for one in row.wanting:  # type: ignore[attr-defined]
        if one.pk not in this.told:
            journal(Act.of_service("forward", this.now()), "forward", one)
            this.told.add(one.pk)


def _reached(this: _Round) -> None:
    values = {"failures": 0, "failing_since": None, "problem": "", "retry_at": None}
    Destination.objects.filter(pk=this.destination.pk).update(reached_at=this.now(), **values)
    this.destination.refresh_from_db()


def _context(row: Delivery) -> tuple[str, str]:
    return row.version.sop_class_uid, row.version.transfer_syntax_uid
