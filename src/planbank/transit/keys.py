"""The key folder: HOME/keys, made once, never overwritten.

Comes in: a folder. Goes out: its key files, and a list of them for people. Which process is
given which file is boot's affair; opening parcels is unseal.py's.

    transit.pub   age public keys: seal parcels        gate, site
    transit.key   age private keys: open parcels       work
    gate.sign     Ed25519, signs the gate's parcels    gate      gate.pub   work
    site.sign     Ed25519, signs the site's parcels    site      site.pub   work
    work.sign     Ed25519, signs the bank's answers    work      work.pub   gate
    site.secret   text: signs sessions, links      site
    vault.key     32 random bytes, base64url           work (pseudonyms)
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from planbank.archive.durable import create_locked, make_folder, sweep, sync_folder, write_all
from planbank.errors import HomeError, KeyMissing
from planbank.transit.agekeys import fingerprint, new_key, private_text, public_text, read_keys
from planbank.transit.answers import ANSWERS_BY
from planbank.transit.keyfiles import read_key_file, read_key_lines
from planbank.transit.signature import Signer, VerifyKey, sign_file

if TYPE_CHECKING:
    from pathlib import Path

DEPOSITORS = ("gate", "site")
_SIGNERS = (*DEPOSITORS, ANSWERS_BY)

_KINDS = {
    "transit.pub": "age public key: seals parcels",
    "transit.key": "age private key: opens parcels",
    "gate.sign": "Ed25519 private key: signs the gate's parcels",
    "gate.pub": "Ed25519 public key: verifies the gate's parcels",
    "site.sign": "Ed25519 private key: signs the site's parcels",
    "site.pub": "Ed25519 public key: verifies the site's parcels",
    "site.secret": "secret of the site: signs sessions and one-time links",
    "work.sign": "Ed25519 private key: signs answers to the gate",
    "work.pub": "Ed25519 public key: verifies answers to the gate",
    "vault.key": "secret of the vault: makes pseudonyms",
}


@dataclass(frozen=True)
class KeyRow:
    """One line of `planbank keys`.

    `fingerprint` is the same for both halves of a pair, one for each key in the file, empty
    where there is none and 'unreadable' where there is no key in the file. `mode_ok`: nobody
    but the owner can read a private key, or change any.
    """

    name: str
    kind: str
    fingerprint: str
    made_at: datetime | None
    present: bool
    mode_ok: bool


class KeyFolder:
    """HOME/keys."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file(self, name: str) -> Path:
        """Where the key file `name` lies, whether it is there or not."""
        if name not in _KINDS:
            raise ValueError(f"There is no key file called {name!r}.")
        return self.path / name

    def ensure(self, *, parcels_exist: bool, vault_in_use: bool = False) -> list[str]:
        """Make what is missing; returns the names of the files made.

        `parcels_exist`: sealed parcels wait or are quarantined; `vault_in_use`: pseudonyms were
        given. Raises KeyMissing, before anything is made, where a new key would only hide that
        the old one is lost, and when a file is damaged or two halves do not belong together; HomeError
        where the folder cannot be written.
        """
        self._refuse_to_replace(parcels_exist, vault_in_use)
        made: list[str] = []
        try:
            make_folder(self.path.parent)
            make_folder(self.path, 0o700)
            sweep(self.path, ".tmp")
            # First: a folder that has other keys but not this one has lost it.
            if not self.file("vault.key").exists():
                self._write("vault.key", base64.urlsafe_b64encode(secrets.token_bytes(32)) + b"\n", made)
            self._ensure_transit(made)
            for name in _SIGNERS:
                self._ensure_signer(name, made)
            self._ensure_site_secret(made)
        except OSError as exc:
            raise HomeError(f"{self.path}: {exc.strerror}.") from exc
        self._check_pairs()
        self.site_secret()
        self.vault_key()
        return made

    def signers(self) -> tuple[str, ...]:
        """Who signs: the depositors of parcels, and who answers the gate."""
        return _SIGNERS

    def recipients(self) -> list[str]:
        """The age keys parcels are sealed for. Raises KeyMissing."""
        return read_key_lines(self.file("transit.pub"))

    def signer(self, name: str) -> Signer:
        """The signing key of a depositor, or of who answers the gate. Raises KeyMissing."""
        return Signer.load(name, self.file(f"{name}.sign"))

    def verifiers(self) -> dict[str, VerifyKey]:
        """The public keys of the depositors that have one here. Raises KeyMissing for a damaged file."""
        files = {name: self.file(f"{name}.pub") for name in DEPOSITORS}
        return {name: VerifyKey.load(file) for name, file in files.items() if file.exists()}

    def site_secret(self) -> str:
        """What sessions and one-time links are signed with. Raises KeyMissing."""
        file = self.file("site.secret")
        secret = read_key_file(file).decode("ascii", "replace").strip()
        if len(secret) < 32:
            raise KeyMissing(f"{file}: this is no secret of the site.")
        return secret

    def vault_key(self) -> bytes:
        """The 32 bytes of the vault. Raises KeyMissing."""
        file = self.file("vault.key")
        try:
            key = base64.b64decode(read_key_file(file).strip(), altchars=b"-_", validate=True)
        except ValueError:
            key = b""
        if len(key) != 32:
            raise KeyMissing(f"{file}: this is not a key of 32 bytes in base64url.")
        return key

    def listing(self) -> list[KeyRow]:
        """One row for each key file that can be, present or not. Shows no secret."""
        return [self._row(name, kind) for name, kind in _KINDS.items()]

    def _row(self, name: str, kind: str) -> KeyRow:
        file = self.file(name)
        try:
            status = file.stat()
            folder_mode = self.path.stat().st_mode
        except OSError:
            return KeyRow(name, kind, "", None, present=False, mode_ok=True)
        forbidden = 0o022 if name.endswith(".pub") else 0o077
        mode_ok = not status.st_mode & forbidden and not folder_mode & 0o022
        try:
            prints = ", ".join(fingerprint(key) for key in self._public_halves(name))
        except KeyMissing:
            prints = "unreadable"
        made_at = datetime.fromtimestamp(status.st_mtime, UTC)
        return KeyRow(name, kind, prints, made_at, present=True, mode_ok=mode_ok)

    def _public_halves(self, name: str) -> list[bytes]:
        """What may be known of the keys in a file. Raises KeyMissing."""
        if name in ("transit.pub", "transit.key"):
            keys = read_keys(self.file(name))
            if any(bool(key.secret) != (name == "transit.key") for key in keys):
                raise KeyMissing(f"{self.file(name)}: private and public keys lie in each other's file.")
            return [key.public.encode() for key in keys]
        if name == "site.secret":
            return [hashlib.sha256(b"planbank site secret\n" + self.site_secret().encode()).digest()]
        if name == "vault.key":
            return [hashlib.sha256(b"planbank vault key\n" + self.vault_key()).digest()]
        owner, half = name.split(".")
        verify_key = self.signer(owner).verify_key() if half == "sign" else VerifyKey.load(self.file(name))
        return verify_key.raw()

    def _refuse_to_replace(self, parcels_exist: bool, vault_in_use: bool) -> None:
        key, pub, vault = self.file("transit.key"), self.file("transit.pub"), self.file("vault.key")
        back = "Put it back from the backup of the key folder"
        # Looked for first: it is made last, so whoever makes both in this moment is not taken for a loss.
        sealed_for = pub.exists()
        if not key.exists() and parcels_exist:
            raise KeyMissing(
                f"{key} is not here, but parcels are that only it opens. {back}; none is made anew."
            )
        if not key.exists() and sealed_for:
            raise KeyMissing(f"{key} is not here, but {pub.name} is, for which parcels are sealed. {back}.")
        if not vault.exists() and vault_in_use:
            raise KeyMissing(
                f"{vault} is not here, but pseudonyms were made with it. {back}; none is made anew."
            )

    def _ensure_transit(self, made: list[str]) -> None:
        if not self.file("transit.key").exists():
            self._write("transit.key", private_text([new_key(datetime.now(UTC))]), made)
        if not self.file("transit.pub").exists():
            # From the file, not from memory: another process may have made it first. The newest alone
            # seals; whoever had escrow keys adds them again.
            newest = read_keys(self.file("transit.key"))[0]
            self._write("transit.pub", public_text([newest]), made)

    def _ensure_signer(self, name: str, made: list[str]) -> None:
        private, public = self.file(f"{name}.sign"), self.file(f"{name}.pub")
        if not private.exists():
            if public.exists():
                return  # the signer runs on another machine and keeps its key there
            self._write(private.name, sign_file(Ed25519PrivateKey.generate()), made)
        if not public.exists():
            self._write(public.name, self.signer(name).verify_key().pem(), made)

    def _ensure_site_secret(self, made: list[str]) -> None:
        """Apart from site.sign, so that this can be changed without ending every session."""
        if not self.file("site.secret").exists():
            self._write("site.secret", secrets.token_urlsafe(48).encode() + b"\n", made)

    def _check_pairs(self) -> None:
        for private, public in (
            ("transit.key", "transit.pub"),
            *((f"{n}.sign", f"{n}.pub") for n in _SIGNERS),
        ):
            if not self.file(private).exists():
                continue
            if not set(self._public_halves(private)) & set(self._public_halves(public)):
                raise KeyMissing(f"{self.file(public)} does not belong to {private} beside it.")

    def _write(self, name: str, content: bytes, made: list[str]) -> None:
        """Write a file that was not there, readable by its owner alone from its first byte on."""
        temporary = self.path / f"{name}.{secrets.token_hex(8)}.tmp"
        fd = create_locked(temporary, 0o600)
        try:
            write_all(fd, content)
            os.fsync(fd)
            os.link(temporary, self.file(name))
            made.append(name)
        except FileExistsError:
            pass  # another process made it in this moment; its key counts
        finally:
            temporary.unlink(missing_ok=True)
            os.close(fd)
        sync_folder(self.path)
