"""Opening: the private half of the transit area. Only the back end imports this, never the gate.

Comes in: the sealed bytes of a parcel, their signature already verified. Goes out: its header
and trailer, the data written into the sink that the caller gives.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pyrage  # type: ignore[import-untyped]

from planbank.archive.names import content_digest
from planbank.errors import KeyMissing, ParcelDamaged, ParcelError, ParcelUnreadable
from planbank.transit.keyfiles import Followed, read_key_lines
from planbank.transit.parcel import Header, Trailer
from planbank.transit.seal import HEADER_LIMIT, LENGTH_BYTES, TRAILER_BYTES
from planbank.transit.tray import Sink

if TYPE_CHECKING:
    from pathlib import Path

    from planbank.transit.envelope import SealedBytes

Begin = Callable[[Header], Sink]
_NO_KEY = "No matching keys"


class Opener:
    """The private age keys of the back end: several, so that parcels sealed for an old key still open."""

    def __init__(self, identities: Sequence[str]) -> None:
        """`identities`: AGE-SECRET-KEY-1... strings. Raises KeyMissing when there is none or one is bad."""
        parsed = _parsed(identities)
        self._identities: Callable[[], list[Any]] = lambda: parsed

    @classmethod
    def load(cls, path: Path) -> Opener:
        """The keys of `transit.key` (one a line, # for comments), read anew when it changes.

        Raises KeyMissing.
        """
        opener = cls.__new__(cls)
        opener._identities = Followed(path, lambda file: _parsed(read_key_lines(file)))
        return opener

    def openers(self, age_header: bytes) -> tuple[str, ...]:
        """The public halves (age1...) of the keys here that a parcel was sealed for; nothing is opened.

        `age_header`: the ciphertext up to its first chunk, as look.py reads it; damaged, no key fits.
        """
        found = []
        for identity in self._identities():
            try:
                pyrage.decrypt_io(io.BytesIO(age_header), io.BytesIO(), [identity])
            except pyrage.DecryptError:
                continue
            except OSError:  # the key fits: only then the data, which were not given, are missed
                found.append(str(identity.to_public()))
        return tuple(found)

    def open(self, sealed: SealedBytes, parcel_id: str, begin: Begin) -> tuple[Header, Trailer]:
        """Open one parcel. Raises ParcelUnreadable, ParcelDamaged; what the sink raises passes through."""
        unpacked = _Unpacked(parcel_id, begin)
        try:
            pyrage.decrypt_io(sealed, unpacked, self._identities())
        except BaseException as exc:
            failure = sealed.failure or unpacked.failure
            if failure is not None:
                raise failure from None
            if not isinstance(exc, Exception):
                raise
            raise _refusal(exc) from exc
        return unpacked.finish()

    def open_held(self, sealed: memoryview, parcel_id: str, begin: Begin) -> tuple[Header, Trailer]:
        """As `open`, for a parcel in memory: nothing is written into the sink before all of it opened."""
        try:
            plain = pyrage.decrypt(bytes(sealed), self._identities())
        except Exception as exc:
            raise _refusal(exc) from exc
        unpacked = _Unpacked(parcel_id, begin)
        unpacked.write(plain)
        return unpacked.finish()


def _refusal(exc: Exception) -> ParcelError:
    if _NO_KEY in str(exc):
        return ParcelUnreadable()
    return ParcelDamaged(f"Its seal does not open: {exc}")


def _parsed(identities: Sequence[str]) -> list[Any]:
    if not identities:
        raise KeyMissing("No private key to open parcels with.")
    try:
        return [pyrage.x25519.Identity.from_str(key) for key in identities]
    except pyrage.IdentityError:
        # Without its cause: that could carry the key into a log.
        raise KeyMissing("A private key of the transit area is not an age key.") from None


class _Unpacked:
    """What age writes to: takes header, data and trailer apart again."""

    def __init__(self, parcel_id: str, begin: Begin) -> None:
        self.failure: BaseException | None = None
        self._parcel_id = parcel_id
        self._begin = begin
        self._header: Header | None = None
        self._held: bytes | memoryview = b""  # never longer than the header, or than trailer and one chunk
        self._size = 0

    def write(self, data: bytes) -> int:
        # Kept for the caller: on its way through age an exception may lose its type. age also
        # writes what it still holds when it gives up: the first failure ends everything.
        if self.failure is not None:
            raise self.failure
        try:
            self._held = bytes(self._held) + data if self._held else data
            if self._header is not None or self._read_header():
                self._pass_on()
        except BaseException as exc:
            self.failure = exc
            raise
        return len(data)

    def flush(self) -> None:
        """Nothing is held back but the last bytes, which may be the trailer."""

    def _read_header(self) -> bool:
        if len(self._held) < LENGTH_BYTES:
            return False
        end = LENGTH_BYTES + int.from_bytes(self._held[:LENGTH_BYTES], "big")
        if end > LENGTH_BYTES + HEADER_LIMIT:
            raise ParcelDamaged("Its header is too long.")
        if len(self._held) < end:
            return False
        self._header = Header.from_json(bytes(self._held[LENGTH_BYTES:end]))
        if self._header.parcel_id != self._parcel_id:
            raise ParcelDamaged("It lies under another parcel's name.")
        self._held = memoryview(self._held)[end:]
        self._digest = content_digest(self._header.transfer_syntax_uid)
        self._sink = self._begin(self._header)
        return True

    def _pass_on(self) -> None:
        ready = len(self._held) - TRAILER_BYTES
        if ready <= 0:
            return
        held = memoryview(self._held)
        data, self._held = held[:ready], held[ready:]
        self._digest.update(data)
        self._size += ready
        if self._sink.write(data) != ready:
            raise OSError("The place that takes the data did not take all of them.")

    def finish(self) -> tuple[Header, Trailer]:
        """Header and trailer once all is written. Raises ParcelDamaged unless size and hash agree."""
        if self._header is None or len(self._held) != TRAILER_BYTES:
            raise ParcelDamaged("It ends too early.")
        trailer = Trailer.from_json(bytes(self._held))
        if trailer != Trailer(self._size, self._digest.hexdigest()):
            raise ParcelDamaged("Its data are not those that its trailer describes.")
        return self._header, trailer
