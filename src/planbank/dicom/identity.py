"""Who the patient is: Patient IDs under the scheme of the institution that sent them.

Comes in: Patient ID (text as written), the institution's scheme and the issuer. Goes out:
an `IdentityKey`; two objects belong to one patient when their keys are equal.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOCAL = "local"
CPR = "CPR"
_CPR = re.compile(r"([0-9]{6})-?([0-9]{4})")
_CPR_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


@dataclass(frozen=True, slots=True)
class IdentityKey:
    """The identity of a patient: equal keys are one patient.

    `scheme` is 'CPR' or 'local'; `issuer` is empty for a national number, which joins across
    centres, and names the institution (and the issuer in the header, where there is one)
    otherwise. `hint` is a doubt in words for people; it is no part of equality.
    """

    scheme: str
    issuer: str
    patient_id: str
    hint: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdentityKey) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def key(self) -> tuple[str, str, str]:
        """(scheme, issuer, normalised ID): what a table holds as unique."""
        return self.scheme, self.issuer, self.patient_id

    @property
    def national(self) -> bool:
        """Whether the number joins one person's data across centres."""
        return self.scheme != LOCAL


def identify(patient_id: str, scheme: str, issuer: str) -> IdentityKey | None:
    """The identity behind a Patient ID, or None where there is no ID.

    Args:
        patient_id: as written in the header.
        scheme: the scheme of the sending institution: 'CPR' or 'local'.
        issuer: what keeps local numbers apart, the institution at least.

    A number that does not fit the scheme (replacement numbers hold letters, phantoms hold
    words) is local to its issuer. Raises ValueError for a scheme that does not exist.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"unknown identity scheme {scheme!r}; there are {', '.join(SCHEMES)}")
    plain = normalise(patient_id)
    if not plain:
        return None
    number = SCHEMES[scheme](plain)
    if number is not None:
        return number
    return IdentityKey(LOCAL, normalise(issuer), plain)


def normalise(value: str) -> str:
    """Text for comparing: NFC, non-breaking spaces as spaces, no outer or repeated spaces."""
    return " ".join(unicodedata.normalize("NFC", value.replace("\0", " ")).split())


def _local(plain: str) -> IdentityKey | None:
    return None


def _cpr(plain: str) -> IdentityKey | None:
    """Ten digits, dash optional, that begin with a day of a month; zeros are kept."""
    match = _CPR.fullmatch(plain)
    if match is None or not plain.isascii():
        return None
    digits = "".join(match.groups())
    if not _is_day(digits):
        return None
    remainder = sum(w * int(d) for w, d in zip(_CPR_WEIGHTS, digits, strict=True)) % 11
    hint = "" if remainder == 0 else "The number fails the modulus 11 check; numbers given since 2007 may."
    return IdentityKey(CPR, "", digits, hint)


def _is_day(digits: str) -> bool:
    """Whether the first six digits can be a birthday (any century)."""
    day, month, year = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    for century in (2000, 1900):
        try:
            date(century + year, month, day)
        except ValueError:
            continue
        return True
    return False


SCHEMES: Mapping[str, Callable[[str], IdentityKey | None]] = {CPR: _cpr, LOCAL: _local}
"""Scheme -> reader of a normalised ID; None means 'not a number of this scheme'."""
