"""What travels through the transit area: one parcel per object or event.

Comes in: the facts of an arrival. Goes out: `Header` and `Trailer`, as JSON inside the sealed
part of a parcel, so that neither can be read or changed on the way (model.md, Work: Parcel).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

from planbank.errors import ParcelDamaged

Kind = Literal["object", "event"]


@dataclass(frozen=True)
class Header:
    """Who sent what, when, from where: written before the data.

    `received_at` is UTC, ISO 8601 with microseconds. UIDs are those of the C-STORE command,
    padding trimmed; they are empty for an event. `certificate` is the SHA-256 fingerprint of
    the peer's TLS certificate, empty without TLS. `sender_known` is what the gate's list said:
    a hint, since register decides from the database.
    """

    parcel_id: str
    kind: Kind
    association_id: str
    calling_ae: str
    called_ae: str
    address: str
    received_at: str
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    transfer_syntax_uid: str = ""
    certificate: str = ""
    sender_known: bool = False

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=True).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Header:
        """Raises ParcelDamaged when the JSON is not a header."""
        try:
            return cls(**json.loads(data))
        except (ValueError, TypeError) as exc:
            raise ParcelDamaged("Its header cannot be read.") from exc


@dataclass(frozen=True)
class Trailer:
    """Written after the data: their size in bytes and content hash.

    `content_hash` = SHA-256 over transfer syntax UID + newline + data-set bytes, in lower-case
    hex (model.md, Arrival: Content hash).
    """

    size: int
    content_hash: str

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Trailer:
        """Raises ParcelDamaged when the JSON is not a trailer."""
        try:
            return cls(**json.loads(data))
        except (ValueError, TypeError) as exc:
            raise ParcelDamaged("Its trailer cannot be read.") from exc
