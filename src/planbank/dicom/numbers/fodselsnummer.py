"""Norwegian fødselsnummer and D-nummer: DDMMYY, three digits, two check digits (modulus 11).

A D-number has 40 added to its day.
"""

from __future__ import annotations

import re

from planbank.dicom.numbers.checks import is_day, weighted
from planbank.dicom.numbers.scheme import Number, Scheme

_NUMBER = re.compile(r"([0-9]{6})[- ]?([0-9]{5})")
_FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


def read(plain: str) -> Number | None:
    """The eleven digits."""
    match = _NUMBER.fullmatch(plain)
    if match is None:
        return None
    digits = "".join(match.groups())
    day = int(digits[:2])
    if not is_day(day - 40 if day > 40 else day, int(digits[2:4]), int(digits[4:6]), (1800, 1900, 2000)):
        return None
    return Number(digits, weighted(digits, _FIRST) % 11 == 0 and weighted(digits, _SECOND) % 11 == 0)


SCHEME = Scheme("NO-fodselsnummer", "NO", read)
