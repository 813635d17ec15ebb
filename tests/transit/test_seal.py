"""The bytes of a sealed parcel, read with age itself instead of our own opener."""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING

import pyrage
import pytest

from planbank.errors import KeyMissing
from planbank.transit.seal import MAGIC, TRAILER_BYTES, Recipients, seal_parcel
from planbank.transit.signature import BLOCK_BYTES, signed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from planbank.transit.parcel import Header
    from planbank.transit.signature import Signer


def test_layout(identity: str, recipient: str, signer: Signer, new_header: Callable[[], Header]) -> None:
    header, data, out = new_header(), bytes(range(256)) * 300, io.BytesIO()
    trailer = seal_parcel(header, [data[:1000], data[1000:]], out.write, Recipients([recipient]), signer)
    parcel = out.getvalue()
    sealed = parcel[:-BLOCK_BYTES]
    assert sealed.startswith(MAGIC + b"age-encryption.org/v1\n")
    assert signed(out, {"gate": signer.verify_key()}).digest == hashlib.sha256(sealed).digest()

    plain = pyrage.decrypt(sealed[len(MAGIC) :], [pyrage.x25519.Identity.from_str(identity)])
    end = 4 + int.from_bytes(plain[:4], "big")
    assert json.loads(plain[4:end])["parcel_id"] == header.parcel_id
    assert plain[end:-TRAILER_BYTES] == data
    assert json.loads(plain[-TRAILER_BYTES:]) == {"size": len(data), "content_hash": trailer.content_hash}
    assert trailer.content_hash == hashlib.sha256(b"1.2.840.10008.1.2.1\n" + data).hexdigest()


def test_the_same_data_sealed_twice_differ(
    recipient: str, signer: Signer, new_header: Callable[[], Header]
) -> None:
    header, outs = new_header(), [io.BytesIO(), io.BytesIO()]
    trailers = [seal_parcel(header, [b"data"], out.write, Recipients([recipient]), signer) for out in outs]
    assert trailers[0] == trailers[1]
    assert outs[0].getvalue() != outs[1].getvalue()


def test_one_fragment_at_a_time(recipient: str, signer: Signer, new_header: Callable[[], Header]) -> None:
    """No fragment is asked for before what came before is on its way, but for one block of age."""
    written = 0
    behind: list[int] = []

    def write(data: bytes) -> int:
        nonlocal written
        written += len(data)
        return len(data)

    def fragments() -> Iterator[bytes]:
        for number in range(64):
            behind.append(number * 32768 - written)
            yield bytes(32768)

    seal_parcel(new_header(), fragments(), write, Recipients([recipient]), signer)
    assert max(behind) <= 2 * 65536


def test_what_write_raises_passes(recipient: str, signer: Signer, new_header: Callable[[], Header]) -> None:
    error = OSError(28, "No space left on device")
    calls = 0

    def write(data: bytes) -> int:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise error
        return len(data)

    with pytest.raises(OSError, match="No space left") as caught:
        seal_parcel(new_header(), [bytes(10**6)], write, Recipients([recipient]), signer)
    assert caught.value is error
    assert calls == 3


@pytest.mark.parametrize("keys", [[], ["age1nonsense"], ["ssh-ed25519 AAAA"], [""]])
def test_bad_recipients(keys: list[str]) -> None:
    with pytest.raises(KeyMissing):
        Recipients(keys)
