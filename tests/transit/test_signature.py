"""Signatures bind depositor and bytes; keys are read from PEM files, several while keys change."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from planbank.errors import KeyMissing, ParcelDamaged, ParcelUnsigned
from planbank.transit.signature import BLOCK_BYTES, Signer, VerifyKey, signed

if TYPE_CHECKING:
    from pathlib import Path

BODY = b"sealed bytes"
DIGEST = hashlib.sha256(BODY).digest()


def private_pem(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def test_a_block_says_who_signed_what(signer: Signer) -> None:
    block = signer.block(DIGEST)
    assert len(block) == BLOCK_BYTES
    said = signed(io.BytesIO(BODY + block), {"gate": signer.verify_key()})
    assert (said.signer, said.digest, said.size) == ("gate", DIGEST, len(BODY))


def test_every_bit_of_a_block_counts(signer: Signer) -> None:
    block = signer.block(DIGEST)
    for at in range(BLOCK_BYTES * 8):
        changed = bytearray(block)
        changed[at // 8] ^= 1 << at % 8
        with pytest.raises((ParcelDamaged, ParcelUnsigned)):
            signed(io.BytesIO(BODY + changed), {"gate": signer.verify_key(), "site": signer.verify_key()})


def test_one_name_does_not_stand_for_another(signer: Signer) -> None:
    block = signer.block(DIGEST).replace(b"gate    ", b"site    ")
    with pytest.raises(ParcelUnsigned):
        signed(io.BytesIO(BODY + block), {"gate": signer.verify_key(), "site": signer.verify_key()})


def test_a_bare_signature_of_the_digest_is_none(signer: Signer) -> None:
    key = Ed25519PrivateKey.generate()
    block = Signer("gate", key).block(DIGEST)[:-64] + key.sign(DIGEST)
    with pytest.raises(ParcelUnsigned):
        signed(io.BytesIO(BODY + block), {"gate": VerifyKey(key.public_key())})


def test_old_and_new_key_verify(signer: Signer, tmp_path: Path) -> None:
    new = Signer("gate", Ed25519PrivateKey.generate())
    (tmp_path / "gate.pub").write_bytes(new.verify_key().pem() + b"\n# old\n" + signer.verify_key().pem())
    both = VerifyKey.load(tmp_path / "gate.pub")
    assert both.raw() == new.verify_key().raw() + signer.verify_key().raw()
    for which in (signer, new):
        assert signed(io.BytesIO(BODY + which.block(DIGEST)), {"gate": both}).signer == "gate"
    with pytest.raises(ParcelUnsigned):
        signed(io.BytesIO(BODY + signer.block(DIGEST)), {"gate": new.verify_key()})


def test_a_private_key_from_a_file(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    (tmp_path / "gate.sign").write_bytes(private_pem(key))
    block = Signer.load("gate", tmp_path / "gate.sign").block(DIGEST)
    assert signed(io.BytesIO(block), {"gate": VerifyKey(key.public_key())}).size == 0


@pytest.mark.parametrize("content", [None, b"", b"nonsense", private_pem(X25519PrivateKey.generate())])
def test_bad_private_keys(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "gate.sign"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(KeyMissing, match=r"gate\.sign"):
        Signer.load("gate", file)


X25519_PUBLIC = X25519PrivateKey.generate().public_key()
BAD_PUBLIC = [
    None,
    b"",
    b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    X25519_PUBLIC.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
]


@pytest.mark.parametrize("content", BAD_PUBLIC)
def test_bad_public_keys(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "gate.pub"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(KeyMissing, match=r"gate\.pub"):
        VerifyKey.load(file)


@pytest.mark.parametrize("name", ["", "Gate", "gate1", "toolongname", "a b"])
def test_bad_names(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        Signer(name, Ed25519PrivateKey.generate())
