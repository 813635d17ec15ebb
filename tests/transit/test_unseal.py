"""What lies inside a seal is checked too: a signer may be careless or stolen."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import pyrage
import pytest

from planbank.errors import KeyMissing, ParcelDamaged, ParcelUnreadable
from planbank.transit.envelope import SealedBytes
from planbank.transit.seal import HEADER_LIMIT, TRAILER_BYTES
from planbank.transit.unseal import Opener

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from planbank.transit.parcel import Header


def reader(plain: bytes, recipient: str) -> SealedBytes:
    sealed = pyrage.encrypt(plain, [pyrage.x25519.Recipient.from_str(recipient)])
    return SealedBytes(io.BytesIO(sealed), len(sealed))


def trailer(data: bytes, syntax: str = "1.2.840.10008.1.2.1") -> bytes:
    digest = hashlib.sha256(syntax.encode() + b"\n" + data).hexdigest()
    return b'{"size":%d,"content_hash":"%s"}' % (len(data), digest.encode())


def plaintext(header: Header, data: bytes, end: bytes) -> bytes:
    head = header.to_json()
    return len(head).to_bytes(4, "big") + head + data + end


def test_the_reference_case(identity: str, recipient: str, new_header: Callable[[], Header]) -> None:
    header, out = new_header(), io.BytesIO()
    plain = plaintext(header, b"data", trailer(b"data").ljust(TRAILER_BYTES))
    found = Opener([identity]).open(reader(plain, recipient), header.parcel_id, lambda _: out)
    assert found[0] == header
    assert found[1].size == 4
    assert out.getvalue() == b"data"


@pytest.mark.parametrize(
    "end",
    [
        b"",
        trailer(b"data"),
        trailer(b"data").ljust(TRAILER_BYTES - 1),
        trailer(b"data").ljust(TRAILER_BYTES + 1),
        trailer(b"dada").ljust(TRAILER_BYTES),
        trailer(b"data", syntax="1.2.840.10008.1.2").ljust(TRAILER_BYTES),
        trailer(b"data").replace(b'"size":4', b'"size":5').ljust(TRAILER_BYTES),
        bytes(TRAILER_BYTES),
    ],
)
def test_a_wrong_end(identity: str, recipient: str, new_header: Callable[[], Header], end: bytes) -> None:
    header = new_header()
    with pytest.raises(ParcelDamaged):
        Opener([identity]).open(
            reader(plaintext(header, b"data", end), recipient), header.parcel_id, lambda _: io.BytesIO()
        )


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"\0\0",
        b"\0\0\0\0",
        b"\0\0\0\x02{}" + bytes(TRAILER_BYTES),
        (HEADER_LIMIT + 1).to_bytes(4, "big") + bytes(HEADER_LIMIT + 1 + TRAILER_BYTES),
        b"\xff\xff\xff\xff" + bytes(1000),
        b"\0\0\x10\0" + b" " * 100,
    ],
)
def test_a_wrong_beginning(identity: str, recipient: str, plain: bytes) -> None:
    def begin(header: Header) -> io.BytesIO:
        raise AssertionError("there is no header")

    with pytest.raises(ParcelDamaged):
        Opener([identity]).open(reader(plain, recipient), "a" * 32, begin)


def test_a_damaged_seal_and_a_foreign_one(identity: str, recipient: str) -> None:
    sealed = bytearray(pyrage.encrypt(bytes(1000), [pyrage.x25519.Recipient.from_str(recipient)]))
    sealed[-1] ^= 1
    with pytest.raises(ParcelDamaged):
        Opener([identity]).open(
            SealedBytes(io.BytesIO(sealed), len(sealed)), "a" * 32, lambda _: io.BytesIO()
        )
    with pytest.raises(ParcelDamaged):
        Opener([identity]).open(SealedBytes(io.BytesIO(b"junk"), 4), "a" * 32, lambda _: io.BytesIO())
    foreign = reader(bytes(1000), str(pyrage.x25519.Identity.generate().to_public()))
    with pytest.raises(ParcelUnreadable):
        Opener([identity]).open(foreign, "a" * 32, lambda _: io.BytesIO())


def test_a_disk_that_cannot_be_read_is_no_damage(identity: str, recipient: str) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        Opener([identity]).open(SealedBytes(Failing(), 1000), "a" * 32, lambda _: io.BytesIO())


def test_keys_from_a_file(
    tmp_path: Path, identity: str, recipient: str, new_header: Callable[[], Header]
) -> None:
    file = tmp_path / "transit.key"
    new = pyrage.x25519.Identity.generate()
    file.write_text(f"# changed in March\n{new}\n\n# before\n  {identity}\n")
    header = new_header()
    plain = plaintext(header, b"", trailer(b"").ljust(TRAILER_BYTES))
    assert (
        Opener.load(file).open(reader(plain, recipient), header.parcel_id, lambda _: io.BytesIO())[0]
        == header
    )


@pytest.mark.parametrize("content", [None, "", "# nothing\n", "AGE-SECRET-KEY-1NONSENSE\n", "\xff\xff"])
def test_bad_key_files_are_named_and_not_shown(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "transit.key"
    if content is not None:
        file.write_text(content)
    with pytest.raises(KeyMissing) as caught:
        Opener.load(file)
    assert "NONSENSE" not in repr(caught.value)
    assert caught.value.__cause__ is None or isinstance(caught.value.__cause__, OSError)
