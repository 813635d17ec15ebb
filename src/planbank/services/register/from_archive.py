"""What lies in the archive and stands in no table, registered again (R133).

Comes in: the arrival records of the archive. Goes out: submissions and all they belong to, as if the objects
arrived again in the order they once did, for the institution they were registered for. Last night's database
catches up with today's objects so, and an empty one with all of them. Nothing in the archive is changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from planbank.archive.arrivals import ArrivalRecord
from planbank.archive.objects import read_object
from planbank.audits.models import Return
from planbank.catalogue.models import Submission
from planbank.erasure.tombstones import Standing
from planbank.errors import DicomError, ObjectMissing, RebuildError
from planbank.house import House
from planbank.journal.record import Actor, record
from planbank.people.models import Institution
from planbank.people.queries import Decision, SenderBook
from planbank.services.register.file import identity_of
from planbank.services.register.incoming import Incoming
from planbank.services.register.run import BATCH, file_arrivals, lead
from planbank.services.register.unpack import Arrival, fallback_of, odd_uids, who
from planbank.transit.parcel import Header, Trailer

PREFIX = "arrivals/"
ACTOR = Actor("command", "rebuild")


@dataclass
class Found:
    """What became of the arrivals that no table knew."""

    registered: int = 0
    erased: int = 0
    missing: int = 0
    unreadable: int = 0


def register_from_archive(house: House, tell: Callable[[int, int], object] = lambda _n, _of: None) -> Found:
    """Register every arrival of the archive that the database does not know.

    Args:
        tell: called with the number of records looked at and of all records.

    Safe to run twice, and after a crash. Raises RebuildError where the bank is receiving, or where an
    institution that objects were registered for is not there; nothing of that record is registered then.
    """
    if not lead():
        raise RebuildError("A work process is registering. End the bank's processes, then try again.")
    institutions = {row.code: row for row in Institution.objects.all()}
    keys = sorted(house.store.keys(PREFIX))
    found, book, stones = Found(), SenderBook(), Standing.load(house)
    for number, key in enumerate(keys, 1):
        fresh = _unknown(_records(house, key))
        _must_be_known(fresh, institutions)
        for start in range(0, len(fresh), BATCH):
            portion = fresh[start : start + BATCH]
            _register(house, [_arrival(house, book, institutions, one) for one in portion], stones, found)
        tell(number, len(keys))
    return found


def _records(house: House, key: str) -> list[ArrivalRecord]:
    with house.store.open(key) as stream:
        body = json.load(stream)
    rows = [ArrivalRecord(**dict(zip(body["columns"], row, strict=True))) for row in body["arrivals"]]
    return sorted(
        {row.parcel_id: row for row in rows}.values(), key=lambda row: (row.received_at, row.parcel_id)
    )


def _unknown(records: Sequence[ArrivalRecord]) -> list[ArrivalRecord]:
    ids = [one.parcel_id for one in records]
    known = set(Submission.objects.filter(parcel_id__in=ids).values_list("parcel_id", flat=True))
    known |= set(Return.objects.filter(parcel_id__in=ids).values_list("parcel_id", flat=True))
    return [one for one in records if one.parcel_id not in known]


def _must_be_known(records: Sequence[ArrivalRecord], institutions: dict[str, Institution]) -> None:
    if absent := sorted({one.institution for one in records} - institutions.keys()):
        raise RebuildError(
            f"Objects were registered for {', '.join(absent)}, which this bank does not know. "
            "Rebuild with the settings export, or apply the institutions first. Nothing is lost."
        )


def _arrival(
    house: House, book: SenderBook, institutions: dict[str, Institution], one: ArrivalRecord
) -> Arrival | str:
    """The arrival as it was, or why not: 'missing' or 'unreadable'."""
    sender = book.decide(one.calling_ae, one.called_ae, one.address).sender
    decision = Decision(sender, institutions[one.institution])
    try:
        data, syntax = read_object(house.store, one.content_hash)
        identity = who(data, syntax, fallback_of(decision))
    except ObjectMissing:
        return "missing"
    except DicomError:
        return "unreadable"
    header = Header(
        parcel_id=one.parcel_id,
        kind="object",
        association_id=one.association_id,
        calling_ae=one.calling_ae,
        called_ae=one.called_ae,
        address=one.address,
        received_at=one.received_at,
        sop_class_uid=identity.sop_class_uid,
        sop_instance_uid=identity.sop_instance_uid,
        transfer_syntax_uid=syntax,
    )
    trailer = Trailer(len(data), one.content_hash)
    return Arrival(header, trailer, identity, decision, Incoming(house.store), odd_uids(identity))


def _register(house: House, read: Sequence[Arrival | str], stones: Standing, found: Found) -> None:
    found.missing += sum(one == "missing" for one in read)
    found.unreadable += sum(one == "unreadable" for one in read)
    arrivals = list(_still_here(stones, [one for one in read if isinstance(one, Arrival)], found))
    if not arrivals:
        return
    with transaction.atomic():
        file_arrivals(house, arrivals)
        record(ACTOR, "register again", house.clock.now(), object_kind="archive", objects=len(arrivals))
    found.registered += len(arrivals)


def _still_here(stones: Standing, arrivals: Sequence[Arrival], found: Found) -> Iterator[Arrival]:
    """What was erased after it came stays erased."""
    for one in arrivals:
        institution, key = one.decision.institution, identity_of(one)
        assert institution is not None
        since: datetime | None = stones.has_object(institution.code, one.identity.sop_instance_uid)
        since = since or stones.has_identity(institution.code, key.key if key else None)
        if since and one.received_at < since:
            found.erased += 1
        else:
            yield one
