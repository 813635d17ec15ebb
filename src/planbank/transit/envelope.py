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
IN_MEMORY = 16 << 20
"""Parcels up to this size (a CT slice, a dose) are held in memory while they are opened."""
_OTHER_VERSION = "It is not a parcel of this version."
_NOT_SIGNED = "Its bytes are not those that were signed."


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
            raise ParcelDamaged(_NOT_SIGNED)


class OpensSeals(Protocol):
    """Whoever holds a private key."""

    def open(
        self, sealed: SealedBytes, parcel_id: str, begin: Callable[[Header], Sink]
    ) -> tuple[Header, Trailer]: ...

    def open_held(
        self, sealed: memoryview, parcel_id: str, begin: Callable[[Header], Sink]
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

    No byte reaches age or JSON before its signature was verified. A parcel that is too large to
    be held is read twice, and what was read the second time is hashed again, since whoever may
    write into the transit area could change the file between the two.
    """
    if opener is None:
        raise KeyMissing("This process may leave parcels, not open them.")
    said = signed(file, verifiers)
    open_signed = _open_held if said.size <= IN_MEMORY else _open_as_read
    return Opened(*open_signed(file, said, parcel_id, begin, opener), said.signer)


def _open_held(
    file: BinaryIO, said: Signed, parcel_id: str, begin: Callable[[Header], Sink], opener: OpensSeals
) -> tuple[Header, Trailer]:
    file.seek(0)
    content = file.read(said.size)
    if len(content) != said.size or hashlib.sha256(content).digest() != said.digest:
        raise ParcelDamaged(_NOT_SIGNED)
    if not content.startswith(MAGIC):
        raise ParcelDamaged(_OTHER_VERSION)
    return opener.open_held(memoryview(content)[len(MAGIC) :], parcel_id, begin)


def _open_as_read(
    file: BinaryIO, said: Signed, parcel_id: str, begin: Callable[[Header], Sink], opener: OpensSeals
) -> tuple[Header, Trailer]:
    first = SealedBytes(file, said.size)
    while first.read(_BLOCK):
        pass
    first.check(said)
    sealed = SealedBytes(file, said.size)
    if sealed.read(len(MAGIC)) != MAGIC:
        raise ParcelDamaged(_OTHER_VERSION)
    opened = opener.open(sealed, parcel_id, begin)
    sealed.check(said)
    return opened
