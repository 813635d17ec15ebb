"""Is a value what its representation says, and nothing else? (PS3.5, section 6.2)

Comes in: a VR and the bytes of a value that shall be kept. Goes out: whether it is a number, a time,
an age, or a coded string that the Standard lists, so that no text can hide in it.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_NUMBERS = re.compile(rb"[0-9+\-.eE\\ ]*\0?")
_NOT_A_NUMBER = re.compile(rb"[+-]?(?:nan|inf|infinity|1\.#(?:qnan|snan|ind|inf)[0-9]*)", re.IGNORECASE)
_TIME = re.compile(rb"(?:[0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2}(?:\.[0-9]{1,6})?)?)?)? *\0?")
_AGE = re.compile(rb"(?:[0-9]{3}[DWMY])? *\0?")
_LETTERS = re.compile(rb"[ -~]*\0?")
"""Numbers that are letters from end to end are text that somebody put there; floats only if they are
several, since one or two may look so by chance."""
_WHOLE = frozenset((b"US", b"SS", b"UL", b"SL", b"UV", b"SV", b"AT"))
_WIDTHS = {b"US": 2, b"SS": 2, b"UL": 4, b"SL": 4, b"FL": 4, b"FD": 8, b"UV": 8, b"SV": 8, b"AT": 4}
_ARRAYS = {b"OW": 2, b"OF": 4, b"OD": 8, b"OL": 4, b"OV": 8}

TEXT = frozenset((b"AE", b"LO", b"LT", b"PN", b"SH", b"ST", b"UC", b"UR", b"UT"))
"""VRs in which anything may be written."""

DATES = frozenset((b"DA", b"DT", b"TM"))


def is_plain(vr: bytes, value: bytes) -> bool:
    """Whether a value is a number, time, age or listed term of its VR, and so can be kept as it is."""
    if vr in (b"DS", b"IS"):
        return _NUMBERS.fullmatch(value) is not None or _are_numbers(value)
    if vr == b"CS":
        return all(is_term(part) for part in value.split(b"\\"))
    if vr == b"TM":
        return all(_TIME.fullmatch(part) for part in value.split(b"\\"))
    if vr == b"AS":
        return all(_AGE.fullmatch(part) for part in value.split(b"\\"))
    if vr in _WIDTHS:
        enough = 8 if vr in _WHOLE else 16
        is_text = len(value) >= enough and _LETTERS.fullmatch(value)
        return len(value) % _WIDTHS[vr] == 0 and not is_text
    return vr in _ARRAYS and len(value) % _ARRAYS[vr] == 0


def is_term(part: bytes) -> bool:
    """Whether one coded string is empty or a term of the Standard."""
    return part.strip(b" \0") in terms()


def known_terms(value: bytes) -> tuple[bytes, ...]:
    """Those of several coded strings that the Standard lists."""
    return tuple(part.strip(b" \0") for part in value.split(b"\\") if is_term(part))


@cache
def terms() -> frozenset[bytes]:
    """All coded strings of the Standard that are known here."""
    text = files(__package__).joinpath("standard", "terms.txt").read_bytes()
    return frozenset((b"", *text.split(b"\n")))


def _are_numbers(value: bytes) -> bool:
    """Some systems write what they could not calculate; those words tell of nobody."""
    parts = (part.strip(b" \0") for part in value.split(b"\\"))
    return all(_NUMBERS.fullmatch(part) or _NOT_A_NUMBER.fullmatch(part) for part in parts)
