"""What a storage commitment request names (PS3.4 Table J.3-1).

Comes in: the data set of an N-ACTION. Goes out: a Transaction UID and references, in order, each
once. None is left out: a UID that cannot be one is empty, so that the object counts as not safe.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from planbank.dicom.items import read_items
from planbank.dicom.uids import trim
from planbank.errors import DicomError

Reference = tuple[str, str]
# As lax as the gate: an object with an odd UID was taken, so it can be asked for.
_UID = re.compile(r"[0-9.]{1,64}")


@dataclass(frozen=True)
class Request:
    """`references`: (SOP Class UID, SOP Instance UID)."""

    transaction_uid: str
    references: tuple[Reference, ...]


def read_request(data: bytes, transfer_syntax_uid: str) -> Request:
    """Raises DicomError where there is nothing that could be answered."""
    outer = read_items(data, transfer_syntax_uid)
    transaction_uid = _uid(outer.raw("TransactionUID"))
    if not transaction_uid:
        raise DicomError("The request has no usable Transaction UID.")
    named = dict.fromkeys(
        (_uid(item.raw("ReferencedSOPClassUID")), _uid(item.raw("ReferencedSOPInstanceUID")))
        for item in outer.each("ReferencedSOPSequence")
    )
    if not named:
        raise DicomError("The request names no object.")
    return Request(transaction_uid, tuple(named))


def _uid(raw: bytes) -> str:
    """A UID without padding; empty where it is none that could be looked up or sent back."""
    uid = trim(raw.decode("ascii", "replace"))
    return uid if _UID.fullmatch(uid) else ""
