"""Keys: what makes the identities of one copy, and of no other.

Comes in: a secret of 32 bytes and the number of a copy. Goes out: new UIDs, patient IDs, birth dates
and shifts of dates, each a keyed hash (HMAC-SHA-256) of the old identity: the same within a copy,
other in every other copy, and not to be undone without the key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from planbank.errors import DeidentifyError

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES = 32
UID_LENGTH = 44
"""Every UID that is made has this length: '2.25.' and 39 digits."""

_HEAD = "planbank anonymise key 1"
_FILE = re.compile(rf"{_HEAD}\n([0-9a-f]{{64}})\n")
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_ID_LENGTH = 12
_SMALLEST = 10**38


@dataclass(frozen=True, slots=True)
class Patient:
    """Who a patient is in one copy. `days` is added to every date; it is negative."""

    patient_id: str
    birth_date: str
    days: int


class CopyKey:
    """The identities of one copy.

    Args:
        secret: the key of all copies of a run, 32 bytes.
        number: which copy, from 1.
    """

    def __init__(self, secret: bytes, number: int) -> None:
        if len(secret) != KEY_BYTES:
            raise DeidentifyError("A key has 32 bytes.")
        self.number = number
        self._key = hmac.digest(secret, b"copy\0%d" % number, "sha256")
        self._uids: dict[str, str] = {}
        self._patients: dict[str, Patient] = {}

    def uid(self, original: str) -> str:
        """The UID that stands for another one here.

        It is a UUID of version 8 as a decimal number (PS3.5, annex B.2; RFC 9562, section 5.8). A
        number that would have fewer than 39 digits is passed over, so all have the same length.
        """
        known = self._uids.get(original)
        if known is None:
            known = self._uids[original] = self._new_uid(original)
        return known

    def patient(self, identity: str) -> Patient:
        """Who the patient of that identity is here."""
        known = self._patients.get(identity)
        if known is None:
            known = self._patients[identity] = self._new_patient(identity)
        return known

    def tell(self, purpose: str, of: str, length: int) -> str:
        """Letters and digits that tell one thing from another within the copy."""
        return self._letters(self._digest(purpose, of), length)

    def _new_uid(self, original: str) -> str:
        for attempt in range(256):
            number = int.from_bytes(self._digest(f"uid {attempt}", original)[:16])
            number = number & ~(0xF << 76) | 8 << 76
            number = number & ~(0x3 << 62) | 2 << 62
            if number >= _SMALLEST:
                return f"2.25.{number}"
        raise DeidentifyError("No UID could be made.")  # pragma: no cover (0.3 to the power of 256)

    def _new_patient(self, identity: str) -> Patient:
        digest = self._digest("patient", identity)
        start = f"{self.number:03d}-"
        patient_id = start + self._letters(digest, _ID_LENGTH - len(start))
        born = date(1930, 1, 1) + timedelta(days=int.from_bytes(digest[16:20]) % 18_000)
        days = -(731 + int.from_bytes(digest[20:24]) % 3653)
        return Patient(patient_id, f"{born:%Y%m%d}", days)

    def _digest(self, purpose: str, text: str) -> bytes:
        return hmac.digest(self._key, f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), "sha256")

    @staticmethod
    def _letters(digest: bytes, length: int) -> str:
        number = int.from_bytes(digest[:16])
        return "".join(_LETTERS[number >> 5 * place & 31] for place in range(length))


def new_secret() -> bytes:
    """A random key."""
    return secrets.token_bytes(KEY_BYTES)


def secret_in(path: Path) -> bytes:
    """The key in a file; where there is none, a new one is made that only its owner may read (0600).

    Raises DeidentifyError for a file that holds no key, or that others may read.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    except OSError as exc:
        raise DeidentifyError(f"The key file cannot be made: {exc.strerror}.") from exc
    secret = new_secret()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{_HEAD}\n{secret.hex()}\n")
        file.flush()
        os.fsync(file.fileno())
    return secret


def fingerprint(secret: bytes) -> str:
    """Sixteen characters that tell one key from another and give nothing of it away."""
    return hashlib.sha256(b"planbank key fingerprint\0" + secret).hexdigest()[:16]


def _read(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        found = _FILE.fullmatch(path.read_text("ascii"))
    except (OSError, UnicodeDecodeError) as exc:
        raise DeidentifyError("The key file cannot be read.") from exc
    if found is None:
        raise DeidentifyError("The key file does not hold a key of planbank.")
    if mode & 0o077:
        raise DeidentifyError("Others may read the key file; take that right away (chmod 600).")
    return bytes.fromhex(found[1])
