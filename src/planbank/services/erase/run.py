"""Carrying out what was confirmed, in the process that registers.

Comes in: erasures that are confirmed or under way. Goes out: tombstones first, then all rows in one
transaction, then bytes, arrival records and parcels, then the proof. Killed anywhere, it runs again with
the same end: what is still to be removed stands in the row until it is. It runs between two batches of
register and in the same thread, so that no object that another institution sends meanwhile can lose
its bytes.
"""

from __future__ import annotations

import hashlib
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from planbank.catalogue.models import Instance, PatientFile, PatientIdentity
from planbank.erasure.extent import instances_of, out_of_reach
from planbank.erasure.marks import identity_mark, object_mark
from planbank.erasure.models import Erasure
from planbank.erasure.tombstones import lay
from planbank.erasure.unassigned import instances_in, situation_of
from planbank.errors import KeyMissing
from planbank.house import House
from planbank.journal.record import Actor, record
from planbank.services.erase.bytes import remove_bytes
from planbank.services.erase.parcels import remove_parcels
from planbank.services.erase.returned import came_back, heal
from planbank.services.erase.rows import Going, remove_rows
from planbank.transit.keys import KeyFolder

log = structlog.get_logger(__name__)
State = Erasure.State
ACTOR = Actor("service", "erase")


class Eraser:
    """What a registering process calls between batches: once what came back, then what is confirmed."""

    def __init__(self) -> None:
        self._healed = False

    def __call__(self, house: House) -> None:
        """Without the key of the vault erasures wait and registering goes on; it is logged once."""
        try:
            if not self._healed:
                heal(house)
                self._healed = True
            erase_due(house)
            self._told = False
        except KeyMissing:
            if not self._told:
                log.error("the key of the vault is not here, erasures wait")
            self._told = True

    _told = False


def erase_due(house: House) -> int:
    """Carry out all that is confirmed; returns how many. Raises KeyMissing without the vault's key."""
    ids = list(
        Erasure.objects.filter(state__in=[State.CONFIRMED, State.ROWS_GONE])
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    for pk in ids:
        try:
            erase(house, pk)
        except IntegrityError:
            # Something came to refer to what was to go, in the same moment: nothing went.
            log.warning("an erasure is tried again", erasure=pk)
    return len(ids)


def erase(house: House, pk: int) -> None:
    """One erasure, from wherever it stands to its end."""
    _rows(house, pk)
    row = Erasure.objects.select_related("institution", "protocol").get(pk=pk)
    if row.state != State.ROWS_GONE:
        return
    counts = remove_bytes(house, row.work) | {"parcels": remove_parcels(house, row)}
    with transaction.atomic():
        # Another worker may have come to the same end: the proof is written once.
        if not Erasure.objects.select_for_update().filter(pk=pk, state=State.ROWS_GONE).exists():
            return
        row.proof = {**row.proof, **counts}
        row.work, row.state, row.done_at = {}, State.DONE, house.clock.now()
        row.save()
        _journal(row)
    log.info("an erasure is done", erasure=pk, objects=row.proof["objects"])


@transaction.atomic
def _rows(house: House, pk: int) -> None:
    row = Erasure.objects.select_for_update(of=("self",)).select_related("institution", "protocol").get(pk=pk)
    if row.state != State.CONFIRMED:
        return
    file = PatientFile.objects.select_for_update(of=("self",)).filter(pk=row.patient_file_id).first()
    row.patient_file = file
    going = Going.of(file, _found(house, row, file), row.kind != Erasure.Kind.UNASSIGNED)
    marks = _marks(house, row, going)
    at = house.clock.now()
    reach = out_of_reach(row)
    laid = lay(house, row.uid, marks, at) if marks else ""
    row.work = remove_rows(house, going, at)
    row.proof = {
        "rows": row.work.pop("rows"),
        "objects": len(going.instances),
        "marks": len(marks),
        "marks_digest": hashlib.sha256("".join(marks).encode()).hexdigest(),
        "tombstones": laid,
        "out_of_reach": reach,
    }
    row.work["marks"] = marks
    row.state = State.ROWS_GONE
    row.patient_file = PatientFile.objects.filter(pk=row.patient_file_id).first()
    row.plan_set = None
    row.save()


def _found(house: House, row: Erasure, file: PatientFile | None) -> QuerySet[Instance]:
    """What goes, as it stands now: what was filed or came again since it was announced stays."""
    if row.kind == Erasure.Kind.RETURNED:
        return came_back(house, file)
    if row.kind == Erasure.Kind.UNASSIGNED:
        now = house.clock.now()
        due = situation_of(file, house.settings.unassigned_days, strict=True).due(now) if file else []
        return instances_in(due)
    return instances_of(row)


def _marks(house: House, row: Erasure, going: Going) -> list[str]:
    """What must not come back: each object, and the patient where nothing of them is left."""
    if row.kind == Erasure.Kind.UNASSIGNED or (not going.instances and row.kind != Erasure.Kind.PATIENT):
        return []  # what merely aged may come again
    key, code = KeyFolder(house.keys).vault_key(), row.institution.code
    marks = {object_mark(key, code, uid) for uid in going.uids}
    whole = row.kind in (Erasure.Kind.PATIENT, Erasure.Kind.WITHDRAWAL) and going.is_whole
    if whole and going.file is not None and going.file.patient_id is not None:
        people = PatientIdentity.objects.filter(patient=going.file.patient_id)
        marks |= {identity_mark(key, code, i) for i in people.values_list("scheme", "issuer", "value")}
    return sorted(marks)


def _journal(row: Erasure) -> None:
    people: dict[str, Any] = {
        name: user.username
        for name, user in (
            ("asked_by", row.asked_by),
            ("decided_by", row.decided_by),
            ("confirmed_by", row.confirmed_by),
        )
        if user is not None
    }
    assert row.done_at is not None
    record(
        ACTOR,
        "erase",
        row.done_at,
        object_kind="erasure",
        object_id=row.pk,
        institution=row.institution.code,
        protocol=row.protocol.short_name if row.protocol else "",
        kind=row.kind,
        file=row.file_number,
        **people,
        **row.proof,
    )


__all__ = ["Eraser", "erase", "erase_due"]
