"""Arrival records: provenance that survives the database (model.md, Arrival).

Comes in: what the parcels of one batch said and for whom they were registered. Goes out: a key
and a JSON that is put once into the archive. It names no patient. The key holds the hash of the
record, so that a batch registered again after a crash, in whatever company, loses nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from planbank.archive.names import arrival_key


@dataclass(frozen=True)
class ArrivalRecord:
    """One arrival: which object, for which institution, from whom, when, in which parcel."""

    parcel_id: str
    content_hash: str
    sop_instance_uid: str
    institution: str
    calling_ae: str
    called_ae: str
    address: str
    received_at: str
    association_id: str


def arrival_records(records: Sequence[ArrivalRecord]) -> tuple[str, bytes]:
    """(key, JSON) for the arrivals of one batch; `records` is not empty."""
    names = list(ArrivalRecord.__dataclass_fields__)
    rows = [[getattr(record, name) for name in names] for record in records]
    body = json.dumps({"version": 1, "columns": names, "arrivals": rows}, separators=(",", ":")).encode()
    digest = hashlib.sha256(body).hexdigest()
    return arrival_key(min(r.parcel_id for r in records)[:7] + digest[:25]), body
