"""Under which key things lie in the archive, and what a key may look like.

Comes in: content hashes and parcel ids made by planbank. Goes out: keys. Nothing that a sender
chose ever becomes a key (security.md, Attack classes).
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from planbank.errors import StoreError

if TYPE_CHECKING:
    from hashlib import _Hash

_SEGMENT = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
_KEY = re.compile(rf"(?!parts/){_SEGMENT}(?:/{_SEGMENT})+")
_PREFIX = re.compile(rf"(?:{_SEGMENT}/)*(?:[a-z0-9][a-z0-9.-]*)?")
_HASH = re.compile(r"[0-9a-f]{64}")
_PARCEL_ID = re.compile(r"[0-9a-f]{32}")
_LONGEST = 200


def content_digest(transfer_syntax_uid: str) -> _Hash:
    """A SHA-256 that already holds the transfer syntax and a newline; the data-set bytes follow.

    Its hex digest is the content hash (model.md, Arrival).
    """
    return hashlib.sha256(transfer_syntax_uid.encode("ascii", "backslashreplace") + b"\n")


def object_key(content_hash: str) -> str:
    """`objects/ab/abcd...` for a content hash: 256 folders, evenly filled.

    Raises StoreError when it is not 64 lower-case hexadecimal digits.
    """
    if not _HASH.fullmatch(content_hash):
        raise StoreError("A content hash has 64 hexadecimal digits.")
    return f"objects/{content_hash[:2]}/{content_hash}"


def arrival_key(parcel_id: str) -> str:
    """`arrivals/018f2ab/018f2ab....json` for a parcel id: a folder for about 17 minutes of arrivals.

    Parcel ids begin with their time, so the records of one batch share a folder and one sync
    makes them all durable. Raises StoreError when it is not 32 lower-case hexadecimal digits.
    """
    if not _PARCEL_ID.fullmatch(parcel_id):
        raise StoreError("A parcel id has 32 hexadecimal digits.")
    return f"arrivals/{parcel_id[:7]}/{parcel_id}.json"


def is_key(text: str) -> bool:
    """Whether this may be a key.

    Two or more segments of lower-case letters, digits, '-' and '.', none beginning or ending
    with '.' or '-', the first not `parts`, at most 200 characters.
    """
    return len(text) <= _LONGEST and _KEY.fullmatch(text) is not None


def derived_key(inputs: str, ending: str) -> str:
    """`derived/ab/abcd....png` for the hash over what something was derived from.

    Derived things can be removed and made again. Raises StoreError for anything but 64
    lower-case hexadecimal digits and a plain ending.
    """
    if not _HASH.fullmatch(inputs) or not ending.isalnum():
        raise StoreError("A derived key is made of a hash and an ending.")
    return f"derived/{inputs[:2]}/{inputs}.{ending}"


def checked_key(key: str) -> str:
    """The key itself. Raises StoreError, without repeating it, when it cannot be one."""
    if not is_key(key):
        raise StoreError("This is not a key of the archive.")
    return key


def checked_prefix(prefix: str) -> str:
    """The prefix itself. Raises StoreError when no key can begin with it."""
    if len(prefix) > _LONGEST or not _PREFIX.fullmatch(prefix):
        raise StoreError("No key of the archive begins like this.")
    return prefix
