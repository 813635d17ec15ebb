"""One parcel: verified, opened, looked at.

Comes in: a parcel id. Goes out: an `Arrival` with its bytes, or a `Refusal` with a code and words.
Nothing is in the catalogue or under a key yet.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from io import BytesIO
from typing import Any

from planbank.archive.part10 import preamble_and_meta
from planbank.dicom.encoding import plain_data_set
from planbank.dicom.headers import Identity, scan
from planbank.dicom.text import FALLBACK, codec_of
from planbank.dicom.uids import check, trim
from planbank.errors import DicomError, ParcelError, ParcelMissing
from planbank.house import House
from planbank.people.arrivals import UPLOAD
from planbank.people.queries import Decision, SenderBook
from planbank.services.register.incoming import Incoming
from planbank.transit.parcel import Header, Trailer

SITE = "site"  # who signs what comes by the upload form
MAX_WALK_IN_MEMORY = 4 * 1024**3


@dataclass
class Arrival:
    """An object that may be filed: who sent it, what it says it is, and its bytes until they are kept."""

    header: Header
    trailer: Trailer
    identity: Identity
    decision: Decision
    content: Incoming
    odd_uids: list[str] = field(default_factory=list)

    @property
    def received_at(self) -> datetime:
        return datetime.fromisoformat(self.header.received_at)


@dataclass
class Notice:
    """An event that the gate deposited: a refusal, with its reason in words."""

    header: Header
    decision: Decision
    body: dict[str, Any]


@dataclass
class Letter:
    """A parcel about storage commitment: a request, or what became of a report."""

    header: Header
    decision: Decision
    data: bytes


@dataclass
class Refusal:
    """A parcel to be set aside; `header` is missing when the parcel could not be opened."""

    parcel_id: str
    code: str
    detail: str
    header: Header | None = None
    decision: Decision = field(default_factory=lambda: Decision(None, None, "unknown-sender"))
    size: int = 0


@dataclass
class Erased:
    """A parcel that came before the erasure of what it holds: it goes with it."""

    header: Header
    decision: Decision


class _Nothing:
    """Takes bytes and keeps none: for parcels that go to quarantine sealed as they are."""

    def write(self, data: bytes, /) -> int:
        return len(data)


def unpack(
    house: House, book: SenderBook, parcel_id: str, released: Decision | None
) -> Arrival | Notice | Letter | Refusal:
    """Open one parcel. `released` is what a person decided about it, where it was in quarantine.

    Raises ParcelMissing, and KeyMissing or OSError, which are no fault of the parcel.
    """
    sinks: list[Any] = []
    decisions: list[Decision] = []
    headers: list[Header] = []

    def begin(header: Header) -> Any:
        decision = released or book.decide(
            header.calling_ae, header.called_ae, header.address, header.certificate
        )
        decisions.append(decision)
        headers.append(header)
        if header.kind != "object":
            sinks.append(BytesIO())
        elif decision.institution is None:
            sinks.append(_Nothing())
        else:
            sinks.append(Incoming(house.store))
            uids = header.sop_class_uid, header.sop_instance_uid, header.transfer_syntax_uid
            sinks[-1].write(preamble_and_meta(*uids))
        return sinks[-1]

    try:
        opened = house.tray.open(parcel_id, begin)
    except ParcelMissing:
        raise
    except ParcelError as exc:
        _drop(sinks)
        return Refusal(parcel_id, _code(exc), str(exc))
    except DicomError as exc:  # UIDs that no gate of ours lets in
        _drop(sinks)
        return Refusal(parcel_id, "malformed", str(exc), *headers, *decisions)
    except BaseException:
        _drop(sinks)
        raise
    header, decision, sink = opened.header, decisions[0], sinks[0]
    if header.address == UPLOAD and opened.signer != SITE and released is None:
        _drop(sinks)
        return Refusal(parcel_id, "unsigned", "", header, Decision(None, None, "unknown-sender"))
    if header.kind == "event":
        told = Decision(decision.sender, book.concerned(decision, header.address), decision.reason)
        return Notice(header, told, _body(sink.getvalue()))
    if header.kind != "object":
        return Letter(header, decision, sink.getvalue())
    if decision.institution is None:
        return Refusal(parcel_id, decision.reason, "", header, decision, opened.trailer.size)
    return _looked_at(header, opened.trailer, decision, sink)


def _looked_at(header: Header, trailer: Trailer, decision: Decision, content: Incoming) -> Arrival | Refusal:
    try:
        identity, odd = _look(content, header, trailer, fallback_of(decision))
    except DicomError as exc:
        content.drop()
        return Refusal(header.parcel_id, "malformed", str(exc), header, decision, trailer.size)
    except BaseException:
        content.drop()
        raise
    return Arrival(header, trailer, identity, decision, content, odd)


def _look(content: Incoming, header: Header, trailer: Trailer, fallback: str) -> tuple[Identity, list[str]]:
    """Walk the data set to its end and read who it is. Raises a DicomError in plain words."""
    if trailer.size == 0:
        raise DicomError("It is empty.")
    if trailer.size > MAX_WALK_IN_MEMORY:
        raise DicomError("It is larger than 4 GB.")
    skip = len(preamble_and_meta(header.sop_class_uid, header.sop_instance_uid, header.transfer_syntax_uid))
    data = content.head(skip + trailer.size)[skip:]
    identity = who(data, header.transfer_syntax_uid, fallback)
    for what, said, meant in (
        ("SOP Class UID", identity.sop_class_uid, header.sop_class_uid),
        ("SOP Instance UID", identity.sop_instance_uid, header.sop_instance_uid),
    ):
        if not said:
            raise DicomError(f"It has no {what}.")
        if trim(said) != trim(meant):
            raise DicomError(f"Its {what} differs from the one it was announced with.")
    return identity, odd_uids(identity)


def who(data: bytes | memoryview, syntax: str, fallback: str) -> Identity:
    """Who a data set says it is, walked to its end. Raises a DicomError in plain words."""
    plain, encoding = plain_data_set(data, syntax)
    identity = scan(plain, _plain_syntax(syntax, encoding.deflated), fallback=fallback, whole=True)
    return replace(identity, **_without_nul(identity))


def odd_uids(identity: Identity) -> list[str]:
    """Names of the UIDs that no implementation should have made."""
    named = {
        "SOP Instance UID": identity.sop_instance_uid,
        "Study Instance UID": identity.study_instance_uid,
        "Series Instance UID": identity.series_instance_uid,
    }
    return [name for name, uid in named.items() if uid and (not check(uid).usable or check(uid).leading_zero)]


def _without_nul(identity: Identity) -> dict[str, Any]:
    """A NUL inside text is legal nowhere, and no database keeps it."""
    values = ((f.name, getattr(identity, f.name)) for f in fields(identity))
    return {name: v.replace("\0", " ") for name, v in values if isinstance(v, str) and "\0" in v}


def fallback_of(decision: Decision) -> str:
    """The codec for text that its declared character set cannot explain: the sender's, where one is set."""
    term = decision.sender.charset_fallback if decision.sender else ""
    return codec_of(term) or FALLBACK


def _plain_syntax(syntax: str, deflated: bool) -> str:
    return "1.2.840.10008.1.2.1" if deflated else syntax


def _code(exc: ParcelError) -> str:
    return {"ParcelUnsigned": "unsigned", "ParcelUnreadable": "unreadable"}.get(type(exc).__name__, "damaged")


def _drop(sinks: list[Any]) -> None:
    for sink in sinks:
        if hasattr(sink, "drop"):
            sink.drop()


def _body(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
