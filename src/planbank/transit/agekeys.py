"""The two files of transit keys, as text: one key a line, a comment before each says since when.

Comes in: `transit.pub` or `transit.key`. Goes out: `TransitKey`s, newest first, and text again.

    # since 2026-11-23T01:50:00+00:00              # since 2026-11-23T01:50:00+00:00
    age1...                                        AGE-SECRET-KEY-1...
    # escrow since 2026-11-23T02:00:00+00:00 The safe, second floor
    age1...
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyrage  # type: ignore[import-untyped]

from planbank.errors import KeyMissing
from planbank.transit.keyfiles import read_key_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NOTE = re.compile(r"# (escrow )?since (\S+)(?: (.*))?")


@dataclass(frozen=True)
class TransitKey:
    """One key of the transit area. `secret` is its private half, empty where that is not known.

    `escrow`: a recipient whose private half is kept elsewhere; `label` says where.
    """

    public: str
    since: datetime
    secret: str = field(default="", repr=False)
    escrow: bool = False
    label: str = ""

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.public.encode())


def fingerprint(public: bytes) -> str:
    """The first 64 bits of the SHA-256 of a public key, in groups of four digits."""
    digest = hashlib.sha256(public).hexdigest()
    return " ".join(digest[at : at + 4] for at in range(0, 16, 4))


def new_key(at: datetime) -> TransitKey:
    """A pair that nobody has yet."""
    identity = pyrage.x25519.Identity.generate()
    return TransitKey(str(identity.to_public()), at, str(identity))


def read_keys(path: Path) -> list[TransitKey]:
    """The keys of either file. Raises KeyMissing where there is none, or one that cannot be.

    A key without a comment has been there since the file was last changed.
    """
    text = read_key_file(path).decode("utf-8", "replace")
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    keys: list[TransitKey] = []
    note: re.Match[str] | None = None
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("#"):
            note = _NOTE.fullmatch(line) or note
            continue
        public, secret = _halves(line, path)
        if note is None:
            keys.append(TransitKey(public, changed, secret))
        else:
            since = _time(note[2], changed)
            keys.append(TransitKey(public, since, secret, escrow=bool(note[1]), label=note[3] or ""))
        note = None
    if not keys:
        raise KeyMissing(f"{path}: no key in it.")
    return keys


def public_text(keys: Iterable[TransitKey]) -> bytes:
    """`transit.pub` with these keys."""
    return "".join(f"{_note(key)}\n{key.public}\n" for key in keys).encode()


def private_text(keys: Iterable[TransitKey]) -> bytes:
    """`transit.key` with these keys."""
    lines = (f"# public key: {key.public}\n{_note(key)}\n{key.secret}\n" for key in keys)
    return "".join(lines).encode()


def _note(key: TransitKey) -> str:
    at = key.since.astimezone(UTC).isoformat(timespec="seconds")
    return f"# escrow since {at} {key.label}".rstrip() if key.escrow else f"# since {at}"


def _halves(line: str, path: Path) -> tuple[str, str]:
    """Public and private half of what a line holds. Raises KeyMissing, never quoting the line."""
    try:
        if line.startswith("age1"):
            return str(pyrage.x25519.Recipient.from_str(line)), ""
        return str(pyrage.x25519.Identity.from_str(line).to_public()), line
    except (pyrage.RecipientError, pyrage.IdentityError):
        raise KeyMissing(f"{path}: this is not an age key.") from None  # the cause may show it


def _time(text: str, otherwise: datetime) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return otherwise
