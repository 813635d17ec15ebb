"""A closed parcel, seen from outside: signature first, then the seal.

Comes in: the file of a parcel. Goes out: what an opener makes of it, once the signature over
every byte was verified. The private key is not here: an opener (unseal.py) is handed in.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, BinaryIO, Protocol

from planbank.errors import KeyMissing, ParcelDamaged
from planbank.transit.seal import MAGIC
from planbank.transit.signature import Signed, VerifyKey, signed
from planbank.transit.tray import Opened, Sink

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planbank.transit.parcel import Header, Trailer

_BLOCK = 1 << 20


class SealedBytes:
    """A reader over the age ciphertext of one parcel that hashes what it gives out."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.failure: BaseException | None = None
        self._file = file
        self._left = size
        self._digest = hashlib.sha256()
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, none at the end of the ciphertext (not of the file)."""
        try:
            wanted = self._left if size < 0 else min(size, self._left)
            data = self._file.read(wanted)
            self._left -= len(data)
            self._digest.update(data)
        except BaseException as exc:
            self.failure = exc
            raise
        return data

    def check(self, said: Signed) -> None:
        """Raises ParcelDamaged unless the signed bytes, and all of them, were given out."""
        if self._left or self._digest.digest() != said.digest:
            raise ParcelDamaged("Its bytes are not those that were signed.")


class OpensSeals(Protocol):
    """Whoever holds a private key."""

    def open(
        self, sealed: SealedBytes, parcel_id: str, begin: Callable[[Header], Sink]
    ) -> tuple[Header, Trailer]: ...

    def openers(self, age_header: bytes) -> tuple[str, ...]: ...


def open_parcel(
    file: BinaryIO,
    parcel_id: str,
    begin: Callable[[Header], Sink],
    opener: OpensSeals | None,
    verifiers: Mapping[str, VerifyKey],
) -> Opened:
    """Verify, then open. Raises what `Tray.open` says.

    The file is read twice: no byte reaches age or JSON before its signature was verified, and
    what was read the second time is hashed again, since whoever may write into the transit
    area could change the file between the two.
    """
    if opener is None:
        raise KeyMissing("This process may leave parcels, not open them.")
    said = signed(file, verifiers)
    first = SealedBytes(file, said.size)
    while first.read(_BLOCK):
        pass
    first.check(said)
    sealed = SealedBytes(file, said.size)
    if sealed.read(len(MAGIC)) != MAGIC:
        raise ParcelDamaged("It is not a parcel of this version.")
    header, trailer = opener.open(sealed, parcel_id, begin)
    sealed.check(said)
    return Opened(header, trailer, said.signer)
