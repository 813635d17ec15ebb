"""Swedish personnummer and samordningsnummer, with the century: YYYYMMDD-NNNC.

The ten-digit form leaves open which century it is of, so it is not taken for a number: two people a
hundred years apart would be one. A coordination number has 60 added to its day.
"""

from __future__ import annotations

import re

from planbank.dicom.numbers.checks import is_day, luhn
from planbank.dicom.numbers.scheme import Number, Scheme

_NUMBER = re.compile(r"((?:18|19|20)[0-9]{6})[-+ ]?([0-9]{4})")


def read(plain: str) -> Number | None:
    """The twelve digits; the check digit is Luhn's over the last ten."""
    match = _NUMBER.fullmatch(plain)
    if match is None:
        return None
    digits = "".join(match.groups())
    day = int(digits[6:8])
    if not is_day(day - 60 if day > 60 else day, int(digits[4:6]), int(digits[:4]), (0,)):
        return None
    return Number(digits, luhn(digits[2:]))


SCHEME = Scheme("SE-personnummer", "SE", read)
