"""NHS numbers of England, Wales and the Isle of Man: ten digits, the last a check digit (modulus 11).

Written in groups of three, three and four, with spaces or dashes. No number has the remainder 10.
"""

from __future__ import annotations

import re

from planbank.dicom.numbers.checks import weighted
from planbank.dicom.numbers.scheme import Number, Scheme

_NUMBER = re.compile(r"([0-9]{3})[- ]?([0-9]{3})[- ]?([0-9]{4})")
_WEIGHTS = (10, 9, 8, 7, 6, 5, 4, 3, 2, 1)


def read(plain: str) -> Number | None:
    """The ten digits."""
    match = _NUMBER.fullmatch(plain)
    if match is None:
        return None
    digits = "".join(match.groups())
    # Weighted with 1 for the check digit, the whole is a multiple of 11 where it is right.
    return Number(digits, weighted(digits, _WEIGHTS) % 11 == 0)


SCHEME = Scheme("GB-NHS", "GB", read)
