"""Changing keys while the bank runs.

Comes in: a key folder and what is wanted. Goes out: its files, each replaced whole, in an order
in which a kill between any two loses nothing: who opens or verifies learns of a new key before
anybody seals or signs with it. Running processes take the files up by themselves (keyfiles.Followed).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from typing import TYPE_CHECKING

import pyrage  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from planbank.archive.durable import create_locked, sweep, sync_folder, write_all
from planbank.errors import HomeError, KeyInUse, KeyMissing, KeysBusy
from planbank.transit.agekeys import TransitKey, fingerprint, new_key, private_text, public_text, read_keys
from planbank.transit.signature import Signer, public_keys, sign_file, verify_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from planbank.transit.keys import KeyFolder

_LABEL_LIMIT = 80


def rotate_transit(folder: KeyFolder, at: datetime) -> TransitKey:
    """A new transit key, for which parcels are sealed from now on; the old ones stay to open with.

    Escrow keys stay recipients. One that was killed before its end is finished, not begun anew.
    """
    with _changing(folder):
        held = read_keys(folder.file("transit.key"))
        sealed_for = read_keys(folder.file("transit.pub"))
        new = held[0]
        if new.public in _publics(sealed_for):
            new = new_key(at)
            _replace(folder.file("transit.key"), private_text([new, *held]))
        _replace(folder.file("transit.pub"), public_text([new, *(key for key in sealed_for if key.escrow)]))
        return new


def rotate_signer(folder: KeyFolder, name: str) -> str:
    """A new signing key for `name`; its old public half stays to verify with. Returns the fingerprint."""
    with _changing(folder):
        key = Ed25519PrivateKey.generate()
        new = Signer(name, key).verify_key()
        public = folder.file(f"{name}.pub")
        old = public_keys(public) if public.exists() else ()
        _replace(public, verify_file([*new.keys(), *old]))
        _replace(folder.file(f"{name}.sign"), sign_file(key))
        return fingerprint(new.raw()[0])


def add_escrow(folder: KeyFolder, public: str, label: str, at: datetime) -> TransitKey:
    """Seal for one more key from now on, whose private half is kept elsewhere.

    Raises KeyMissing where it is no public age key, KeyInUse where parcels are sealed for it already
    or its private half lies in this folder, which would be no escrow.
    """
    if public.upper().startswith("AGE-SECRET-KEY-"):
        raise KeyMissing(
            "This is a private key. Give its public half (age1...), and keep this one elsewhere."
        )
    if len(label) > _LABEL_LIMIT or not label.isprintable():
        raise KeyMissing(f"A label has at most {_LABEL_LIMIT} printable characters.")
    with _changing(folder):
        key = _escrow(public.strip(), label.strip(), at)
        if key.public in _publics(read_keys(folder.file("transit.key"))):
            raise KeyInUse("Its private half lies in this key folder; an escrow key is kept elsewhere.")
        sealed_for = read_keys(folder.file("transit.pub"))
        if key.public in _publics(sealed_for):
            raise KeyInUse("Parcels are sealed for it already.")
        _replace(folder.file("transit.pub"), public_text([*sealed_for, key]))
        return key


def bring_back(folder: KeyFolder, file: Path, at: datetime) -> list[TransitKey]:
    """Add the private keys of `file` (a backup of `transit.key`, or an escrow key); returns the new ones."""
    with _changing(folder):
        path = folder.file("transit.key")
        held = read_keys(path) if path.exists() else []
        brought = [key for key in read_keys(file) if key.public not in _publics(held)]
        if any(not key.secret for key in brought):
            raise KeyMissing(f"{file}: this holds a public key; the private one opens parcels.")
        added = [TransitKey(key.public, at, key.secret) for key in brought]
        if added:
            _replace(path, private_text([*held, *added]))
        return added


def retire(folder: KeyFolder, said: str, needed: Callable[[bytes], int]) -> str:
    """Take a key away for good, by its fingerprint; returns what it was.

    `needed` counts the parcels that could not be opened, or verified, without it, by its public half:
    age1... as bytes, or 32 bytes. It is asked with the folder locked. Raises KeyInUse where there are
    any, and for a key of now; KeyMissing where there is no such key.
    """
    with _changing(folder):
        return _retire_transit(folder, said, needed) or _retire_signer(folder, said, needed)


def _retire_transit(folder: KeyFolder, said: str, needed: Callable[[bytes], int]) -> str:
    held = read_keys(folder.file("transit.key"))
    sealed_for = read_keys(folder.file("transit.pub"))
    for key in (*held, *sealed_for):
        if _same(key.fingerprint, said):
            break
    else:
        return ""
    if key.escrow:
        _replace(folder.file("transit.pub"), public_text(k for k in sealed_for if k.public != key.public))
        return "escrow key: new parcels are not sealed for it"
    if key.public in _publics(sealed_for):
        raise KeyInUse("Parcels are sealed for it. Rotate first.")
    _refuse_while(needed(key.public.encode()), "opens")
    _replace(folder.file("transit.key"), private_text(k for k in held if k.public != key.public))
    return "transit key"


def _retire_signer(folder: KeyFolder, said: str, needed: Callable[[bytes], int]) -> str:
    for name in folder.signers():
        path = folder.file(f"{name}.pub")
        keys = public_keys(path) if path.exists() else ()
        for key in keys:
            raw = key.public_bytes_raw()
            if not _same(fingerprint(raw), said):
                continue
            private = folder.file(f"{name}.sign")
            if len(keys) == 1 or (private.exists() and raw in folder.signer(name).verify_key().raw()):
                raise KeyInUse(f"'{name}' signs with it. Rotate first.")
            _refuse_while(needed(raw), "verifies")
            _replace(path, verify_file([other for other in keys if other is not key]))
            return f"public signing key of '{name}'"
    raise KeyMissing("No key here has this fingerprint.")


def _refuse_while(parcels: int, what: str) -> None:
    if parcels:
        raise KeyInUse(
            f"Only it {what} {parcels} parcels. Let them be registered or decided about, or reseal."
        )


def _same(one: str, other: str) -> bool:
    return one.replace(" ", "") == other.replace(" ", "").lower()


def _publics(keys: list[TransitKey]) -> set[str]:
    return {key.public for key in keys}


def _escrow(public: str, label: str, at: datetime) -> TransitKey:
    try:
        recipient = pyrage.x25519.Recipient.from_str(public)
    except pyrage.RecipientError:
        raise KeyMissing("This is not a public age key (age1...).") from None
    return TransitKey(str(recipient), at, escrow=True, label=label)


@contextlib.contextmanager
def _changing(folder: KeyFolder) -> Iterator[None]:
    """One change at a time; what a killed one left unfinished is removed. Raises KeysBusy, HomeError."""
    try:
        fd = os.open(folder.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as exc:
        raise HomeError(f"{folder.path}: {exc.strerror}.") from exc
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise KeysBusy from exc
        sweep(folder.path, ".tmp")
        yield
    except OSError as exc:
        raise HomeError(f"{folder.path}: {exc.strerror}.") from exc
    finally:
        os.close(fd)


def _replace(path: Path, content: bytes) -> None:
    """The file, old or new, whole at any moment, and readable by its owner alone from its first byte on."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
    fd = create_locked(temporary, 0o600)
    try:
        write_all(fd, content)
        os.fsync(fd)
        if path.exists():  # a key file whose owner or group was arranged on purpose keeps both
            status = path.stat()
            os.fchmod(fd, status.st_mode & 0o777)
            with contextlib.suppress(PermissionError):
                os.fchown(fd, status.st_uid, status.st_gid)
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
        os.close(fd)
    sync_folder(path.parent)
