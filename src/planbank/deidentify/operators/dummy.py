"""D: a value that means nothing and is valid for its VR.

Comes in: an element. Goes out: the dummy, the same for everybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planbank.deidentify.operators import replace_uid
from planbank.deidentify.values import TEXT
from planbank.errors import Refused

if TYPE_CHECKING:
    from planbank.deidentify.element import Answer, Found, View

CODE = "D"
TEXT_DUMMY = b"ANONYMISED"
_DUMMIES = {
    b"DA": b"19000101",
    b"TM": b"000000",
    b"DT": b"19000101000000",
    b"AS": b"000D",
    b"DS": b"0",
    b"IS": b"0",
    b"US": b"\0\0",
    b"UL": b"\0\0\0\0",
    b"FL": b"\0\0\0\0",
    b"FD": b"\0\0\0\0\0\0\0\0",
}
_SUBJECT_IDS = frozenset((0x00120040, 0x00120042))


def apply(found: Found) -> Answer:
    """Put the dummy of its VR in its place. Raises Refused for a VR that has none."""
    found.scope.did("replaced by a dummy", found.tag)
    if found.vr == b"UI":
        return replace_uid.apply(found)
    if found.tag in _SUBJECT_IDS:
        return _patient_id
    value = TEXT_DUMMY if found.vr in TEXT else _DUMMIES.get(found.vr)
    if value is None:
        raise Refused("It needs a value of which no dummy can be made.")
    return value


def _patient_id(view: View) -> bytes:
    """Trials tell their subjects apart by this; so do copies."""
    return view.patient.patient_id.encode("ascii")
