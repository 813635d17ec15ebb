"""Storage commitment requests and what is told of them, for tests on both sides of the transit area."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from planbank.house import House
from planbank.transit.parcel import Header, new_parcel_id
from tests.sending import encoded

STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
WELL_KNOWN = "1.2.840.10008.1.20.1.1"


def request(references: Sequence[tuple[str, str]], transaction_uid: str | None = None) -> Dataset:
    """The action information: (SOP Class UID, SOP Instance UID) of each object."""
    ds = Dataset()
    ds.TransactionUID = transaction_uid or generate_uid()
    items = []
    for sop_class, sop_instance in references:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, sop_instance
        items.append(item)
    ds.ReferencedSOPSequence = Items(items)
    return ds


def deposit_request(
    house: House, data: bytes | Dataset, *, syntax: str = ExplicitVRLittleEndian, **changes: Any
) -> str:
    """Put a request into the tray, as the gate does; returns its parcel id."""
    house.clock.at += timedelta(milliseconds=5)  # type: ignore[attr-defined]
    header = _header(house, kind="commitment", transfer_syntax_uid=syntax, **changes)
    house.tray.put(header, [encoded(data, syntax) if isinstance(data, Dataset) else data])
    return header.parcel_id


def deposit_report(house: House, request_id: str, outcome: str, **detail: Any) -> str:
    """Put the gate's word on a report into the tray; returns its parcel id."""
    house.clock.at += timedelta(milliseconds=5)  # type: ignore[attr-defined]
    header = _header(house, kind="report")
    house.tray.put(header, [json.dumps({"request": request_id, "outcome": outcome} | detail).encode()])
    return header.parcel_id


def _header(house: House, **changes: Any) -> Header:
    usual: dict[str, Any] = {
        "parcel_id": new_parcel_id(house.clock.now()),
        "association_id": "a" * 32,
        "calling_ae": "TPS",
        "called_ae": "PLANBANK",
        "address": "10.0.0.5",
        "received_at": house.clock.now().isoformat(timespec="microseconds"),
        "sender_known": True,
    }
    return Header(**(usual | changes))
