"""Sealing: the public half of the transit area. Whoever has only this can leave parcels, never read one.

Comes in: a header and fragments of data. Goes out: the bytes of a parcel and its trailer.

    parcel    = MAGIC, age ciphertext, signature block (signature.py)
    plaintext = length of the header (4 bytes, big endian), header (JSON), data,
                trailer (JSON, padded with spaces to TRAILER_BYTES)

The trailer has a fixed length, so the data need none and stream while their size is unknown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyrage  # type: ignore[import-untyped]

from planbank.archive.names import content_digest
from planbank.errors import KeyMissing, ParcelError
from planbank.transit.keyfiles import Followed, read_key_lines
from planbank.transit.parcel import Header, Trailer

if TYPE_CHECKING:
    from pathlib import Path

    from planbank.transit.signature import Signer

MAGIC = b"planbank parcel 1\n"
LENGTH_BYTES = 4
HEADER_LIMIT = 65536
TRAILER_BYTES = 160

Fragments = Iterable[bytes | memoryview]


class Recipients:
    """The public age keys that parcels are sealed for: the bank's, and those kept in escrow."""

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys`: age1... strings. Raises KeyMissing when there is none or one is no age key."""
        parsed = _parsed(keys)
        self._keys: Callable[[], list[Any]] = lambda: parsed

    @classmethod
    def load(cls, path: Path) -> Recipients:
        """Those of `transit.pub`, read anew when it changes. Raises KeyMissing."""
        recipients = cls.__new__(cls)
        recipients._keys = Followed(path, lambda file: _parsed(read_key_lines(file)))
        return recipients

    @property
    def keys(self) -> list[Any]:
        """What age seals for, now."""
        return self._keys()


def as_recipients(given: Recipients | Sequence[str]) -> Recipients | None:
    """Those given, or made of the keys given; None where there are no keys."""
    if isinstance(given, Recipients):
        return given
    return Recipients(given) if given else None


def _parsed(keys: Sequence[str]) -> list[Any]:
    if not keys:
        raise KeyMissing("No public key to seal parcels for.")
    try:
        return [pyrage.x25519.Recipient.from_str(key) for key in keys]
    except pyrage.RecipientError as exc:
        raise KeyMissing("A public key of the transit area is not an age key (age1...).") from exc


class _Plain:
    """What age reads: header, data and trailer, a piece at a time, hashed as they pass."""

    def __init__(self, header: Header, fragments: Fragments) -> None:
        self.failure: BaseException | None = None
        self.trailer: Trailer | None = None
        self._pieces = self._all(header, fragments)
        self._piece = memoryview(b"")

    def _all(self, header: Header, fragments: Fragments) -> Iterator[bytes | memoryview]:
        head = header.to_json()
        if len(head) > HEADER_LIMIT:
            raise ParcelError("Its header is too long.")
        yield len(head).to_bytes(LENGTH_BYTES, "big") + head
        digest = content_digest(header.transfer_syntax_uid)
        size = 0
        for fragment in fragments:
            piece = memoryview(fragment).cast("B")
            digest.update(piece)
            size += len(piece)
            yield piece
        self.trailer = Trailer(size, digest.hexdigest())
        yield self.trailer.to_json().ljust(TRAILER_BYTES)

    def read(self, size: int) -> bytes:
        # age turns whatever is raised here into text; the exception itself is kept for the caller.
        if self.failure is not None:
            raise self.failure
        try:
            while not self._piece:
                piece = next(self._pieces, None)
                if piece is None:
                    return b""
                self._piece = memoryview(piece)
            data = bytes(self._piece[:size])
            self._piece = self._piece[size:]
        except BaseException as exc:
            self.failure = exc
            raise
        return data


class _Hashed:
    """What age writes to: passes sealed bytes on and hashes them."""

    def __init__(self, write: Callable[[bytes], int]) -> None:
        self.failure: BaseException | None = None
        self.digest = hashlib.sha256()
        self._write = write

    def write(self, data: bytes) -> int:
        if self.failure is not None:  # age writes once more when it gives up
            raise self.failure
        try:
            self.digest.update(data)
            self._write(data)
        except BaseException as exc:
            self.failure = exc
            raise
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""


def seal_parcel(
    header: Header,
    fragments: Fragments,
    write: Callable[[bytes], int],
    recipients: Recipients,
    signer: Signer,
) -> Trailer:
    """Seal and sign one parcel, writing it piece by piece through `write` (all bytes, or an exception).

    Memory stays flat: one fragment and one age chunk of 64 KiB at a time. An exception raised
    by `fragments` or `write` passes through as it is.
    """
    plain = _Plain(header, fragments)
    sealed = _Hashed(write)
    sealed.write(MAGIC)
    try:
        pyrage.encrypt_io(plain, sealed, recipients.keys)
    except BaseException as exc:
        failure = plain.failure or sealed.failure
        if failure is not None:
            raise failure from None
        raise ParcelError(f"It could not be sealed: {exc}") from exc
    if plain.trailer is None:
        raise ParcelError("It could not be sealed: the data were not read to their end.")
    write(signer.block(sealed.digest.digest()))
    return plain.trailer
