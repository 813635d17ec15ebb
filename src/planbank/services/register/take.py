"""A batch of parcels taken in, several at a time, ahead of the transaction that files them.

Comes in: parcel ids. Goes out: arrivals whose bytes are synced in the archive, and the rest.
Reading, hashing, writing and syncing run beside each other and beside the database: they wait for
the disk, and Python lets others run meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import InterfaceError, OperationalError

from planbank.archive.names import object_key
from planbank.catalogue.models import QuarantinedParcel, Submission
from planbank.catalogue.quarantine_words import ERASED
from planbank.erasure.tombstones import Standing
from planbank.errors import ParcelMissing, PlanbankError
from planbank.house import House
from planbank.people.queries import Decision, SenderBook
from planbank.services.register.file import identity_of
from planbank.services.register.unpack import Arrival, Erased, Letter, Notice, Refusal, unpack

log = structlog.get_logger(__name__)
TAKERS = 8
Other = Notice | Letter | Refusal | Erased
Found = Arrival | Other


@dataclass
class Taken:
    """A batch; `ids` are all its parcels, those registered before or gone meanwhile among them."""

    ids: list[str]
    arrivals: list[Arrival] = field(default_factory=list)
    others: list[Other] = field(default_factory=list)


class Batch:
    """Parcels on their way through the pool. The database is asked by whoever makes this."""

    def __init__(self, house: House, pool: ThreadPoolExecutor, ids: Sequence[str]) -> None:
        self.ids = list(ids)
        # Committed before a crash, only the parcel was left.
        known = set(Submission.objects.filter(parcel_id__in=ids).values_list("parcel_id", flat=True))
        released, book, stones = _released(self.ids), SenderBook(), Standing.load(house)
        self._found: list[Future[Found | None]] = [
            pool.submit(_take, house, book, stones, parcel_id, released.get(parcel_id))
            for parcel_id in self.ids
            if parcel_id not in known
        ]

    def taken(self) -> Taken:
        """All of them, in order of receipt. Raises OSError, StoreError, KeyMissing: no fault of a parcel."""
        wait(self._found)
        taken = Taken(self.ids)
        for future in self._found:
            found = future.result()
            if isinstance(found, Arrival):
                taken.arrivals.append(found)
            elif found is not None:
                taken.others.append(found)
        return taken


def _released(ids: list[str]) -> dict[str, Decision]:
    rows = QuarantinedParcel.objects.filter(
        parcel_id__in=ids, state=QuarantinedParcel.State.RELEASED, institution__isnull=False
    ).select_related("institution", "sender")
    return {row.parcel_id: Decision(row.sender, row.institution) for row in rows}


def _take(
    house: House, book: SenderBook, stones: Standing, parcel_id: str, released: Decision | None
) -> Found | None:
    """One parcel; None where it is gone."""
    try:
        found = unpack(house, book, parcel_id, released)
    except ParcelMissing:
        return None
    except (OSError, PlanbankError, OperationalError, InterfaceError):
        raise
    except Exception as exc:
        log.exception("a parcel could not be looked at", parcel=parcel_id)
        return Refusal(parcel_id, "unexpected", f"It could not be read ({type(exc).__name__}).")
    if isinstance(found, Arrival):
        if since := _erased_since(stones, found):
            found.content.drop()
            return _stopped(found, since)
        found.content.keep(object_key(found.trailer.content_hash))
    return found


def _erased_since(stones: Standing, found: Arrival) -> datetime | None:
    """When this institution's object or patient was erased, where nobody lifted that."""
    if not stones.marks or found.decision.institution is None:
        return None
    code, key = found.decision.institution.code, identity_of(found)
    return stones.has_object(code, found.identity.sop_instance_uid) or stones.has_identity(
        code, key.key if key else None
    )


def _stopped(found: Arrival, since: datetime) -> Refusal | Erased:
    """What was here before the erasure goes with it; what is sent after it waits for a person."""
    if found.received_at < since:
        return Erased(found.header, found.decision)
    header = found.header
    return Refusal(header.parcel_id, ERASED, "", header, found.decision, found.trailer.size)
