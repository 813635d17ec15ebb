"""Parcels that could not be opened, tried again (security.md, fault 24).

Comes in: rows of parcels set aside as unreadable, and the keys of now. Goes out: those that open now
are let in, as a person would release them, with one journal entry.
"""

from __future__ import annotations

import time
from contextlib import suppress

import structlog
from django.db import transaction

from planbank.catalogue.models import QuarantinedParcel
from planbank.errors import ParcelMissing
from planbank.house import House
from planbank.journal.record import Actor, record

log = structlog.get_logger(__name__)
EVERY = 20.0  # seconds; a key brought back heals without a hand (invariant I8)
AT_ONCE = 1000
State = QuarantinedParcel.State


class Again:
    """Remembers when it tried last; one in each process that registers."""

    def __init__(self) -> None:
        self._tried = float("-inf")

    def due(self) -> bool:
        """Whether it is time; notes that it was."""
        now = time.monotonic()
        if now - self._tried < EVERY:
            return False
        self._tried = now
        return True


def let_in_again(house: House) -> int:
    """Release what opens now; returns how many parcels."""
    waiting = QuarantinedParcel.objects.filter(state=State.WAITING, reason="unreadable").order_by("pk")
    ids = [parcel_id for parcel_id in waiting.values_list("parcel_id", flat=True) if _opens(house, parcel_id)]
    for at in range(0, len(ids), AT_ONCE):
        _release(house, ids[at : at + AT_ONCE])
    return len(ids)


def _opens(house: House, parcel_id: str) -> bool:
    try:
        return bool(house.tray.look(parcel_id).opened_by)
    except ParcelMissing:
        return False


def _release(house: House, ids: list[str]) -> None:
    now = house.clock.now()
    with transaction.atomic():
        rows = QuarantinedParcel.objects.select_for_update().filter(parcel_id__in=ids, state=State.WAITING)
        locked = list(rows.values_list("parcel_id", flat=True))
        QuarantinedParcel.objects.filter(parcel_id__in=locked).update(state=State.RELEASED, decided_at=now)
        record(
            Actor("service", "register"),
            "release from quarantine",
            now,
            object_kind="quarantine",
            reason="unreadable",
            files=len(locked),
        )
    for parcel_id in locked:
        with suppress(ParcelMissing):  # the clock, which carries decisions out, was here first
            house.tray.release(parcel_id)
    log.info("parcels open again and are let in", parcels=len(locked))
