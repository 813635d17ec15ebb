"""Pseudonyms: a keyed hash of (protocol, identity), one-way without the key (security.md, CPR numbers).

Comes in: the 32 bytes of the vault, a protocol's uid and an identity. Goes out: ten letters and
digits such as '7K3QX-9M2PD'. The same in a bank that is built anew; unrelated between protocols.
"""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

# Crockford's alphabet: no I, L, O, U, so that it can be read out and typed.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 10  # 50 bits: among 100,000 patients two meet with a chance of 1 in 200,000


def pseudonym(key: bytes, protocol: UUID, identity: tuple[str, str, str], turn: int = 0) -> str:
    """The pseudonym of (scheme, issuer, value); `turn` counts up where one is taken already."""
    parts = ["planbank pseudonym 1", str(protocol), *identity, str(turn)]
    # Each part with its length: no two lists of parts make the same message.
    message = b"".join(b"%d:%s," % (len(part.encode()), part.encode()) for part in parts)
    number = int.from_bytes(hmac.digest(key, message, hashlib.sha256), "big")
    letters = "".join(_ALPHABET[(number >> (5 * at)) & 31] for at in range(_LENGTH))
    return f"{letters[:5]}-{letters[5:]}"
