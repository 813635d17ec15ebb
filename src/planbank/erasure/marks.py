"""Marks: keyed hashes of what was erased, one-way without the key of the vault.

Comes in: the 32 bytes of the vault, an institution's code, an identity or a SOP Instance UID. Goes out:
64 hexadecimal digits. Without the key nobody can try all CPR numbers; what one institution had
erased says nothing about what another one sends.
"""

from __future__ import annotations

import hashlib
import hmac


def identity_mark(key: bytes, institution: str, identity: tuple[str, str, str]) -> str:
    """The mark of (scheme, issuer, normalised ID)."""
    return _mark(key, "identity", institution, *identity)


def object_mark(key: bytes, institution: str, sop_instance_uid: str) -> str:
    """The mark of a SOP Instance UID: every version of it, also one sent later."""
    return _mark(key, "object", institution, sop_instance_uid)


def _mark(key: bytes, *parts: str) -> str:
    # Each part with its length: no two lists of parts make the same message.
    told = ("planbank tombstone 1", *parts)
    message = b"".join(b"%d:%s," % (len(part.encode()), part.encode()) for part in told)
    return hmac.digest(key, message, hashlib.sha256).hex()
