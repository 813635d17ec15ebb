"""Danish CPR numbers: ten digits, a birthday first; a dash between day and serial is optional.

Numbers without a valid modulus 11 are given since October 2007, so the check is a hint only.
"""

from __future__ import annotations

import re

from planbank.dicom.numbers.checks import is_day, weighted
from planbank.dicom.numbers.scheme import Number, Scheme

_CPR = re.compile(r"([0-9]{6})-?([0-9]{4})")
_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


def read(plain: str) -> Number | None:
    """The ten digits, where the first six can be a birthday of any century."""
    match = _CPR.fullmatch(plain)
    if match is None:
        return None
    digits = "".join(match.groups())
    if not is_day(int(digits[:2]), int(digits[2:4]), int(digits[4:6])):
        return None
    return Number(digits, weighted(digits, _WEIGHTS) % 11 == 0)


SCHEME = Scheme("CPR", "DK", read, is_strict=False)
