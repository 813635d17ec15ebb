"""Parcels in quarantine as register leaves them, for tests of what people decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planbank.catalogue.models import QuarantinedParcel
from planbank.transit.parcel import Header, new_parcel_id

if TYPE_CHECKING:
    from planbank.house import House

CT, DOSE = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.481.2"


def set_aside(house: House, number: int = 1, **fields: object) -> list[QuarantinedParcel]:
    """Sealed parcels in quarantine with their rows, as register leaves them."""
    values = {
        "reason": "unknown-sender",
        "calling_ae": "AAL_CT3",
        "called_ae": "PLANBANK",
        "address": "10.81.4.27",
        "sop_class_uid": CT,
        "size": 3,
        "received_at": house.clock.now(),
    } | fields
    rows = []
    for _ in range(number):
        parcel_id = new_parcel_id(house.clock.now())
        names = {name: str(values[name]) for name in ("calling_ae", "called_ae", "address", "sop_class_uid")}
        received_at = house.clock.now().isoformat()
        header = Header(parcel_id, "object", "a1", received_at=received_at, **names)
        house.tray.put(header, [b"abc"])
        house.tray.quarantine(parcel_id)
        rows.append(QuarantinedParcel.objects.create(parcel_id=parcel_id, **values))
    return rows
