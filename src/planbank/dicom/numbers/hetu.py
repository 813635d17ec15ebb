"""Finnish personal identity codes (henkilötunnus): DDMMYY, a sign of the century, NNN and a check character.

The check character is the remainder of the nine digits by 31. The signs added in 2023 mean the same
centuries as the old ones and are part of the code.
"""

from __future__ import annotations

import re

from planbank.dicom.numbers.checks import is_day
from planbank.dicom.numbers.scheme import Number, Scheme

_NUMBER = re.compile(r"([0-9]{6})([-+A-FU-Y])([0-9]{3})([0-9A-Y])", re.IGNORECASE | re.ASCII)
_CENTURY = {"+": 1800, **dict.fromkeys("-YXWVU", 1900), **dict.fromkeys("ABCDEF", 2000)}
_CHECKS = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def read(plain: str) -> Number | None:
    """All eleven characters, in capitals; the sign is kept, as it tells two people apart."""
    match = _NUMBER.fullmatch(plain)
    if match is None:
        return None
    born, sign, serial, check = (part.upper() for part in match.groups())
    if not is_day(int(born[:2]), int(born[2:4]), int(born[4:]), (_CENTURY[sign],)):
        return None
    return Number(f"{born}{sign}{serial}{check}", _CHECKS[int(born + serial) % 31] == check)


SCHEME = Scheme("FI-hetu", "FI", read)
