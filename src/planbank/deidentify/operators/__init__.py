"""What is done to an element, one action of PS3.15 table E.1-1a a file.

Comes in: an element and the code that the table has for it. Goes out: the operator's answer. Where
the code leaves a choice (X/Z/D), or would leave the object without what it must have, the type of the
attribute in the IOD decides: type 1 gets a dummy, type 2 is emptied, type 3 is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from planbank.deidentify.operators import clean, dummy, empty, keep, remove, replace_uid, shift_dates
from planbank.deidentify.rules import rules
from planbank.deidentify.values import DATES, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from planbank.deidentify.element import Answer, Found

OPERATORS: dict[str, Callable[[Found], Answer]] = {
    module.CODE: module.apply for module in (clean, dummy, empty, keep, remove, replace_uid)
}

_BY_TYPE = {"1": "D", "2": "Z", "3": "X"}
_RESCALE_TYPE = 0x00281054
_RESCALE_TYPES = frozenset((b"HU", b"OD", b"US", b"MGML", b"Z_EFF", b"ED", b"EDW", b"HU_MOD", b"PCT", b"SUV"))
_BEAM_NAME = 0x300A00C2
_HARMLESS = re.compile(rb"(?:[0-9]{1,3}(?:\.[0-9]{1,2})?|IN|OUT)? *\0?")
"""Short numbers that stand as text, such as the ID of a spot tune; IN and OUT of a range shifter."""


def operate(found: Found, code: str) -> Answer:
    """The answer for an element under the code of the table; '' where the table does not name it."""
    if not code:
        return _unnamed(found)
    if code in ("K", "U"):
        return OPERATORS[code](found)
    if code == "C":
        cleaner = shift_dates.apply if found.vr in DATES else clean.apply
        answer = cleaner(found)
        if answer is not clean.DIRTY:
            return answer
        code = _basic(found.tag)
    return OPERATORS[one_of(code, found.kind)](found)


def one_of(code: str, kind: str) -> str:
    """The one letter of a code such as X/Z/D that holds for an attribute of this type.

    Not in the IOD at this place: X. Type 1 is never left without a value nor type 2 left out, also
    where the table says only X: the object would be valid no longer.
    """
    letters = code.split("/")
    wanted = _BY_TYPE.get(kind[:1])
    if wanted is None:
        return "X"
    if wanted == "D" or wanted in letters:
        return wanted
    if wanted == "Z":
        return "D" if letters == ["D"] else "Z"
    return "Z" if "Z" in letters else letters[0]


def _unnamed(found: Found) -> Answer:
    """What no row names: UIDs are replaced, dates shifted, numbers kept, text not."""
    if found.vr == b"UI":
        return replace_uid.apply(found)
    if found.vr in DATES:
        answer = shift_dates.apply(found)
    elif found.tag == _BEAM_NAME:
        answer = clean.apply(found)
    elif _is_harmless(found):
        return keep.apply_text(found)
    elif found.vr in TEXT:
        answer = clean.DIRTY
    else:
        return keep.apply(found)
    return OPERATORS[one_of("X/Z/D", found.kind)](found) if answer is clean.DIRTY else answer


def _is_harmless(found: Found) -> bool:
    if found.tag == _RESCALE_TYPE:
        return found.value.strip(b" \0") in _RESCALE_TYPES
    return found.vr in TEXT and _HARMLESS.fullmatch(found.value) is not None


def _basic(tag: int) -> str:
    rule = rules().get(f"{tag:08X}")
    return rule.codes["basic"] if rule else "X/Z/D"
