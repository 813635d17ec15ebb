"""A look at a parcel reads no more than its head and its end, and minds no damage."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from planbank.transit.look import Look, look
from planbank.transit.seal import MAGIC, Recipients, seal_parcel
from planbank.transit.unseal import Opener

if TYPE_CHECKING:
    from collections.abc import Callable

    from planbank.transit.parcel import Header
    from planbank.transit.signature import Signer

NOTHING = Look((), 0, "", b"")


@pytest.fixture
def parcel(new_header: Callable[[], Header], recipient: str, signer: Signer) -> bytes:
    out = io.BytesIO()
    seal_parcel(new_header(), [bytes(300_000)], out.write, Recipients([recipient]), signer)
    return out.getvalue()


def looked(data: bytes, identity: str, signer: Signer) -> Look:
    return look(io.BytesIO(data), Opener([identity]), {"gate": signer.verify_key()})


def test_it_reads_little_of_it(parcel: bytes, identity: str, recipient: str, signer: Signer) -> None:
    class Counting(io.BytesIO):
        given = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.given += len(data)
            return data

        def readline(self, size: int | None = -1) -> bytes:
            line = super().readline(size)
            self.given += len(line)
            return line

    file = Counting(parcel)
    found = look(file, Opener([identity]), {"gate": signer.verify_key()})
    assert (found.opened_by, found.sealed_for, found.signed_by) == ((recipient,), 1, "gate")
    assert file.given < 2000


@pytest.mark.parametrize("kept", [0, 5, len(MAGIC), len(MAGIC) + 10, 100, 200])
def test_one_cut_short_says_less(parcel: bytes, identity: str, signer: Signer, kept: int) -> None:
    found = looked(parcel[:kept], identity, signer)
    assert (found.opened_by, found.signed_by) == ((), "")


def test_damage_in_its_head_fits_no_key(parcel: bytes, identity: str, signer: Signer) -> None:
    end = parcel.index(b"\n--- ")
    for at in range(len(MAGIC), end + 20, 7):
        damaged = bytearray(parcel)
        damaged[at] ^= 1
        assert looked(bytes(damaged), identity, signer).opened_by == ()


def test_what_is_no_parcel_is_looked_at_without_harm(identity: str, signer: Signer) -> None:
    for junk in (b"", b"junk", MAGIC, MAGIC + b"age-encryption.org/v1\n", MAGIC + b"\n" * 100_000):
        assert looked(junk, identity, signer) == NOTHING
    endless = MAGIC + b"age-encryption.org/v1\n" + b"-> X25519 a\n" * 100_000
    assert looked(endless, identity, signer).opened_by == ()
