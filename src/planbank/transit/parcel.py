"""What travels through the transit area: one parcel per object, event, request or report.

Comes in: the facts of an arrival. Goes out: `Header` and `Trailer`, as JSON inside the sealed
part of a parcel, so that neither can be read or changed on the way (model.md, Work: Parcel).
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, get_args

from planbank.errors import ParcelDamaged, ParcelError

if TYPE_CHECKING:
    from datetime import datetime

Kind = Literal["object", "event", "commitment", "report"]
"""commitment: a storage commitment request (its data set); report: what became of its answer (JSON)."""

_ID = re.compile(r"[0-9a-f]{32}")
_HASH = re.compile(r"[0-9a-f]{64}")


def new_parcel_id(now: datetime) -> str:
    """32 hexadecimal digits: 48 bits of milliseconds, then 80 random bits.

    Sorted ids are thus in order of time, and nobody can guess one.
    """
    return f"{int(now.timestamp() * 1000) & 0xFFFF_FFFF_FFFF:012x}{secrets.token_hex(10)}"


def checked_parcel_id(parcel_id: str) -> str:
    """The id itself. Raises ParcelError unless it is 32 lower-case hexadecimal digits."""
    if not _ID.fullmatch(parcel_id):
        raise ParcelError("A parcel id has 32 lower-case hexadecimal digits.")
    return parcel_id


@dataclass(frozen=True)
class Header:
    """Who sent what, when, from where: written before the data.

    `received_at` is UTC, ISO 8601 with microseconds. UIDs are those of the C-STORE command,
    padding trimmed; a request or an event has no SOP UIDs. `certificate` is the SHA-256 fingerprint of
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
            header = cls(**json.loads(data))
        except (ValueError, TypeError, RecursionError) as exc:
            raise ParcelDamaged("Its header cannot be read.") from exc
        values = dict(vars(header))
        known = values.pop("sender_known")
        if header.kind not in get_args(Kind) or not isinstance(known, bool):
            raise ParcelDamaged("Its header holds a value that cannot be.")
        if not all(isinstance(value, str) for value in values.values()):
            raise ParcelDamaged("Its header holds a value that is not text.")
        return header


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
            trailer = cls(**json.loads(data))
        except (ValueError, TypeError, RecursionError) as exc:
            raise ParcelDamaged("Its trailer cannot be read.") from exc
        if type(trailer.size) is not int or not isinstance(trailer.content_hash, str):
            raise ParcelDamaged("Its trailer holds a value that cannot be.")
        if trailer.size < 0 or not _HASH.fullmatch(trailer.content_hash):
            raise ParcelDamaged("Its trailer holds a value that cannot be.")
        return trailer
