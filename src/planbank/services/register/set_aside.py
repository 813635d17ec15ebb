"""Setting a parcel aside: a row that says why; the parcel stays sealed (model.md, Quarantine)."""

from __future__ import annotations

from planbank.catalogue.models import QuarantinedParcel
from planbank.house import House
from planbank.journal.record import Actor, record
from planbank.messages.models import Event
from planbank.services.register.unpack import Refusal

_EVENTS = {"unknown-sender", "known-name-other-address", "known-name-other-certificate"}


def set_aside(house: House, refusal: Refusal) -> None:
    """Write the row, the event and the journal entry. Safe to run twice on one parcel."""
    header, now = refusal.header, house.clock.now()
    fields = {
        "reason": refusal.code,
        "detail": refusal.detail[:300],
        "sender": refusal.decision.sender,
        "institution": refusal.decision.institution,
        "state": QuarantinedParcel.State.WAITING,
        "received_at": header.received_at if header else now,
        "size": refusal.size,
    }
    if header:
        fields |= {
            "calling_ae": header.calling_ae,
            "called_ae": header.called_ae,
            "address": header.address,
            "certificate": header.certificate,
            "sop_class_uid": header.sop_class_uid,
        }
    row, made = QuarantinedParcel.objects.update_or_create(parcel_id=refusal.parcel_id, defaults=fields)
    if not made:
        return
    kind = refusal.code if refusal.code in _EVENTS else "quarantined"
    Event.objects.bulk_create(
        [
            Event(
                at=row.received_at,
                kind=kind,
                institution=refusal.decision.institution,
                parcel_id=refusal.parcel_id,
                params={"calling_ae": row.calling_ae, "address": row.address, "reason": refusal.code},
            )
        ],
        ignore_conflicts=True,
    )
    record(
        Actor("service", "register"),
        "set aside",
        now,
        object_kind="parcel",
        object_id=refusal.parcel_id,
        institution=refusal.decision.institution.code if refusal.decision.institution else "",
        outcome="refused",
        reason=refusal.code,
    )
