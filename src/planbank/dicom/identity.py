"""Who the patient is: Patient IDs under the scheme of the institution that sent them.

Comes in: Patient ID (text as written), the institution's scheme and the issuer. Goes out:
an `IdentityKey`; two objects belong to one patient when their keys are equal.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from planbank.dicom.numbers import SCHEMES

LOCAL = "local"
CPR = "CPR"


@dataclass(frozen=True, slots=True)
class IdentityKey:
    """The identity of a patient: equal keys are one patient.

    `scheme` is that of a national number (planbank.dicom.numbers) or 'local'; `issuer` is empty for a
    national number, which joins across centres, and names the institution (and the issuer in the
    header, where there is one) otherwise. `is_doubtful`: it looks like a number of the institution's
    scheme, but its check digits fail; people are told, and it is no part of equality.
    """

    scheme: str
    issuer: str
    patient_id: str
    is_doubtful: bool = False

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
        scheme: the scheme of the sending institution: one of SCHEMES, or 'local'.
        issuer: what keeps local numbers apart, the institution at least.

    A number that does not fit the scheme (replacement numbers hold letters, phantoms hold
    words) is local to its issuer, as is one of a strict scheme whose check digits fail. Raises
    ValueError for a scheme that does not exist.
    """
    if scheme != LOCAL and scheme not in SCHEMES:
        raise ValueError(f"unknown identity scheme {scheme!r}; there are {', '.join((*SCHEMES, LOCAL))}")
    plain = normalise(patient_id)
    if not plain:
        return None
    number = SCHEMES[scheme].read(plain) if scheme != LOCAL else None
    if number is not None and (number.is_sound or not SCHEMES[scheme].is_strict):
        return IdentityKey(scheme, "", number.value, not number.is_sound)
    return IdentityKey(LOCAL, normalise(issuer), plain, number is not None)


def normalise(value: str) -> str:
    """Text for comparing: NFC, non-breaking spaces as spaces, no outer or repeated spaces."""
    return " ".join(unicodedata.normalize("NFC", value.replace("\0", " ")).split())
