"""Who left a parcel: Ed25519 signatures over the sealed bytes, and the block that ends a parcel.

Comes in: the SHA-256 of the sealed bytes. Goes out: a signature block, and its verification.
Sealing alone proves no origin, since the key that seals is public (model.md, Work: Parcel).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from planbank.errors import KeyMissing, ParcelDamaged, ParcelUnsigned
from planbank.transit.keyfiles import Followed, read_key_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

_MARK = b"planbank signed\n"
_NAME_BYTES = 8
_DIGEST_BYTES = 32
BLOCK_BYTES = len(_MARK) + _NAME_BYTES + _DIGEST_BYTES + 64

_NAME = re.compile(r"[a-z]{1,8}")
_PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)


def _message(name: str, digest: bytes) -> bytes:
    """What is signed: purpose and depositor stand before the digest, so that no other use fits."""
    return b"planbank parcel signature 1\n" + name.encode() + b"\n" + digest


class Signer:
    """The private signing key of one depositing process ('gate' or 'site')."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        if not _NAME.fullmatch(name):
            raise ValueError("A depositor's name has one to eight lower-case letters.")
        self.name = name
        self._key: Callable[[], Ed25519PrivateKey] = lambda: key

    @classmethod
    def load(cls, name: str, path: Path) -> Signer:
        """The key of a PEM file (PKCS #8), read anew when it changes.

        Raises KeyMissing when it is absent or not an Ed25519 key.
        """
        followed = Followed(path, _private_key)
        signer = cls(name, followed())
        signer._key = followed
        return signer

    def verify_key(self) -> VerifyKey:
        """The public half."""
        return VerifyKey(self._key().public_key())

    def block(self, digest: bytes) -> bytes:
        """The bytes that end a parcel: mark, name, SHA-256 of the sealed bytes, signature."""
        name = self.name.encode().ljust(_NAME_BYTES)
        return _MARK + name + digest + self._key().sign(_message(self.name, digest))


class VerifyKey:
    """The public keys of one depositor: several while keys are being changed."""

    def __init__(self, *keys: Ed25519PublicKey) -> None:
        self._keys: Callable[[], tuple[Ed25519PublicKey, ...]] = lambda: keys

    @classmethod
    def load(cls, path: Path) -> VerifyKey:
        """The public keys of a PEM file, read anew when it changes. Raises KeyMissing when there is none."""
        verify_key = cls()
        verify_key._keys = Followed(path, public_keys)
        return verify_key

    def raw(self) -> list[bytes]:
        """The 32 bytes of each key."""
        return [key.public_bytes_raw() for key in self._keys()]

    def keys(self) -> tuple[Ed25519PublicKey, ...]:
        """The keys of now."""
        return self._keys()

    def pem(self) -> bytes:
        """The keys as a PEM file, as `load` reads it."""
        return verify_file(self._keys())

    def made(self, name: str, digest: bytes, signature: bytes) -> bytes:
        """The 32 bytes of the key that made this signature; none where no key here did."""
        for key in self._keys():
            try:
                key.verify(signature, _message(name, digest))
            except InvalidSignature:
                continue
            return key.public_bytes_raw()
        return b""


def _private_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(read_key_file(path), password=None)
    except (ValueError, TypeError) as exc:
        raise KeyMissing(f"{path}: this is not a private key in PEM.") from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyMissing(f"{path}: this is not an Ed25519 key.")
    return key


def sign_file(key: Ed25519PrivateKey) -> bytes:
    """A private key as the PEM file (PKCS #8) that `Signer.load` reads."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def verify_file(keys: Iterable[Ed25519PublicKey]) -> bytes:
    """Public keys as the PEM file that `VerifyKey.load` reads."""
    info = PublicFormat.SubjectPublicKeyInfo
    return b"".join(key.public_bytes(Encoding.PEM, info) for key in keys)


def public_keys(path: Path) -> tuple[Ed25519PublicKey, ...]:
    """The public keys of a PEM file, newest first. Raises KeyMissing where there is none."""
    keys = []
    for pem in _PEM.findall(read_key_file(path)):
        try:
            key = load_pem_public_key(pem)
        except ValueError as exc:
            raise KeyMissing(f"{path}: this is not a public key in PEM.") from exc
        if not isinstance(key, Ed25519PublicKey):
            raise KeyMissing(f"{path}: this is not an Ed25519 key.")
        keys.append(key)
    if not keys:
        raise KeyMissing(f"{path}: no public key in it.")
    return tuple(keys)


@dataclass(frozen=True)
class Signed:
    """What a parcel's last block says, its signature verified: who signed how many bytes, with which key."""

    signer: str
    digest: bytes
    size: int
    key: bytes


def signed(file: BinaryIO, verifiers: Mapping[str, VerifyKey]) -> Signed:
    """Read and verify the last block of a parcel; the digest itself is for the caller to compare.

    Raises ParcelDamaged when there is no block, ParcelUnsigned when it names nobody known or
    the signature is not by that depositor's key.
    """
    size = file.seek(0, os.SEEK_END) - BLOCK_BYTES
    if size < 0:
        raise ParcelDamaged("It is shorter than a signature.")
    file.seek(size)
    block = file.read(BLOCK_BYTES)
    if not block.startswith(_MARK) or len(block) != BLOCK_BYTES:
        raise ParcelDamaged("It does not end with a signature: cut short, or never signed.")
    rest = block[len(_MARK) :]
    name = rest[:_NAME_BYTES].rstrip(b" ").decode("ascii", "replace")
    digest = rest[_NAME_BYTES : _NAME_BYTES + _DIGEST_BYTES]
    verifier = verifiers.get(name)
    if verifier is None:
        raise ParcelUnsigned("Its signature names nobody who may leave parcels here.")
    key = verifier.made(name, digest, rest[_NAME_BYTES + _DIGEST_BYTES :])
    if not key:
        raise ParcelUnsigned(f"Its signature was not made with the key of '{name}'.")
    return Signed(name, digest, size, key)
