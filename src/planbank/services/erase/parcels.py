"""Parcels in quarantine that hold what is erased, as far as they can be opened.

Comes in: an erasure with its marks. Goes out: those parcels deleted, with one journal entry. Parcels that
still wait to be registered are met by register, which knows the marks.
"""

from __future__ import annotations

from django.db.models import Q

from planbank.catalogue.models import QuarantinedParcel
from planbank.erasure.models import Erasure
from planbank.erasure.tombstones import Standing
from planbank.errors import ParcelError, ParcelMissing
from planbank.house import House
from planbank.journal.record import Actor, record
from planbank.people.queries import Decision, SenderBook
from planbank.services.register.file import identity_of
from planbank.services.register.unpack import Arrival, Refusal, unpack
from planbank.transit.keys import KeyFolder

State = QuarantinedParcel.State
LARGEST = 1 << 30  # bytes of a parcel that is opened to look at


def remove_parcels(house: House, row: Erasure) -> int:
    """Delete what can be known to be theirs; returns how many parcels."""
    if not row.work["marks"]:
        return 0
    marks = Standing(dict.fromkeys(row.work["marks"], house.clock.now()), KeyFolder(house.keys).vault_key())
    waiting = QuarantinedParcel.objects.filter(
        Q(institution=row.institution_id) | Q(institution=None), state=State.WAITING, size__lte=LARGEST
    )
    found = [p for p in waiting.values_list("parcel_id", flat=True) if _theirs(house, row, marks, p)]
    for parcel_id in found:
        house.tray.delete(parcel_id)
    if found:
        at = house.clock.now()
        QuarantinedParcel.objects.filter(parcel_id__in=found).update(state=State.DELETED, decided_at=at)
        record(
            Actor("service", "erase"),
            "delete from quarantine",
            at,
            object_kind="quarantine",
            institution=row.institution.code,
            erasure=row.pk,
            files=len(found),
        )
    return len(found)


def _theirs(house: House, row: Erasure, marks: Standing, parcel_id: str) -> bool:
    """Whether this parcel, taken as the institution's, holds an object or a patient that was marked."""
    try:
        found = unpack(house, SenderBook(), parcel_id, Decision(None, row.institution))
    except (ParcelMissing, ParcelError):
        return False
    code = row.institution.code
    if isinstance(found, Refusal):
        return found.header is not None and bool(marks.has_object(code, found.header.sop_instance_uid))
    if not isinstance(found, Arrival):
        return False
    found.content.drop()
    key = identity_of(found)
    return bool(
        marks.has_object(code, found.identity.sop_instance_uid)
        or marks.has_identity(code, key.key if key else None)
    )
