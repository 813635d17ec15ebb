"""Verified first, opened afterwards, and held to what was verified."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import pytest

from planbank.errors import ParcelDamaged, ParcelUnsigned
from planbank.transit import envelope
from planbank.transit.envelope import SealedBytes, open_parcel
from planbank.transit.seal import MAGIC, Recipients, seal_parcel
from planbank.transit.signature import BLOCK_BYTES, Signer
from planbank.transit.unseal import Opener

if TYPE_CHECKING:
    from collections.abc import Callable

    from planbank.transit.parcel import Header, Trailer
    from planbank.transit.tray import Sink


class NeverAsked:
    """An opener that must not see an unverified byte."""

    def open(
        self, sealed: SealedBytes, parcel_id: str, begin: Callable[[Header], Sink]
    ) -> tuple[Header, Trailer]:
        raise AssertionError("opened before it was verified")

    def open_held(
        self, sealed: memoryview, parcel_id: str, begin: Callable[[Header], Sink]
    ) -> tuple[Header, Trailer]:
        raise AssertionError("opened before it was verified")


def sealed(header: Header, data: bytes, recipient: str, signer: Signer) -> bytes:
    out = io.BytesIO()
    seal_parcel(header, [data], out.write, Recipients([recipient]), signer)
    return out.getvalue()


@pytest.mark.parametrize("at", [0, len(MAGIC) + 3, 400, -BLOCK_BYTES - 1])
def test_changed_bytes_never_reach_the_opener(
    at: int, recipient: str, signer: Signer, new_header: Callable[[], Header]
) -> None:
    header = new_header()
    parcel = bytearray(sealed(header, bytes(500), recipient, signer))
    parcel[at] ^= 1
    with pytest.raises(ParcelDamaged, match="not those that were signed"):
        open_parcel(
            io.BytesIO(parcel),
            header.parcel_id,
            lambda _: io.BytesIO(),
            NeverAsked(),
            {"gate": signer.verify_key()},
        )


def test_unsigned_bytes_never_reach_the_opener(
    recipient: str, signer: Signer, new_header: Callable[[], Header]
) -> None:
    header = new_header()
    parcel = sealed(header, bytes(500), recipient, signer)
    with pytest.raises(ParcelUnsigned):
        open_parcel(io.BytesIO(parcel), header.parcel_id, lambda _: io.BytesIO(), NeverAsked(), {})


def test_another_version_is_told(signer: Signer) -> None:
    body = b"planbank parcel 9\nwhatever"
    parcel = body + signer.block(hashlib.sha256(body).digest())
    with pytest.raises(ParcelDamaged, match="version"):
        open_parcel(
            io.BytesIO(parcel), "a" * 32, lambda _: io.BytesIO(), NeverAsked(), {"gate": signer.verify_key()}
        )


class Swapped(io.BytesIO):
    """A file whose sealed bytes are replaced once they were read through, as a meddler could time it."""

    def __init__(self, first: bytes, second: bytes) -> None:
        super().__init__(first)
        self._second = second
        self._starts = 0

    def seek(self, offset: int, whence: int = 0, /) -> int:
        if (offset, whence) == (0, 0):
            self._starts += 1
            if self._starts == 2:
                super().seek(0)
                self.write(self._second)
        return super().seek(offset, whence)


@pytest.fixture
def swapped(recipient: str, signer: Signer, new_header: Callable[[], Header]) -> tuple[Header, Swapped]:
    """A parcel that says 'good data' when it is verified and 'evil data' when it is read again."""
    header = new_header()
    good = sealed(header, b"good data", recipient, signer)
    # age adds a line of random length to its header; try until both parcels are of one size.
    forged = next(
        parcel
        for parcel in (sealed(header, b"evil data", recipient, signer) for _ in range(5000))
        if len(parcel) == len(good)
    )
    return header, Swapped(good, forged[:-BLOCK_BYTES])


def test_a_large_file_changed_between_verifying_and_opening(
    identity: str, signer: Signer, swapped: tuple[Header, Swapped], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(envelope, "IN_MEMORY", 0)
    header, file = swapped
    keys = {"gate": signer.verify_key()}
    with pytest.raises(ParcelDamaged, match="not those that were signed"):
        open_parcel(file, header.parcel_id, lambda _: io.BytesIO(), Opener([identity]), keys)


def test_a_small_file_is_read_once_and_opened_as_it_was_verified(
    identity: str, signer: Signer, swapped: tuple[Header, Swapped]
) -> None:
    header, file = swapped
    sink = io.BytesIO()
    open_parcel(file, header.parcel_id, lambda _: sink, Opener([identity]), {"gate": signer.verify_key()})
    assert sink.getvalue() == b"good data"
