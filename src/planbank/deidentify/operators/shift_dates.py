"""C of dates: shifted by the same whole days in all of a patient's objects, times kept.

Comes in: an element of VR DA, DT or TM. Goes out: KEEP for times, a function of the copy's key for
dates; DIRTY for what is neither (PS3.5, section 6.2; retired forms with dots too).
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from planbank.deidentify.element import KEEP
from planbank.deidentify.operators.clean import DIRTY
from planbank.deidentify.values import is_plain

if TYPE_CHECKING:
    from planbank.deidentify.element import Answer, Found, View

_DATE = re.compile(rb"([0-9]{4})\.?([0-9]{2})\.?([0-9]{2})")
_DATE_TIME = re.compile(
    rb"([0-9]{4})(?:([0-9]{2})(?:([0-9]{2})((?:[0-9]{2}){0,3}(?:\.[0-9]{1,6})?(?:[+-][0-9]{4})?))?)?"
)


def apply(found: Found) -> Answer:
    """Shift dates, keep times."""
    if found.vr == b"TM":
        return KEEP if is_plain(b"TM", found.value) else DIRTY
    form = _DATE if found.vr == b"DA" else _DATE_TIME
    parts = [part.strip(b" \0") for part in found.value.split(b"\\")]
    if not any(parts):
        return b""
    matches = [form.fullmatch(part) for part in parts]
    if not all(match and _day(match) for match in matches):
        return DIRTY
    found.scope.did("date shifted", found.tag)

    def shifted(view: View) -> bytes:
        return b"\\".join(_shift(match, view.patient.days) for match in matches if match)

    return shifted


def _day(match: re.Match[bytes]) -> date | None:
    """The day, or the first one of a month or year that stands alone; None where there is none."""
    year, month, day = (int(part or b"1") for part in match.groups()[:3])
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if found.year > 100 else None


def _shift(match: re.Match[bytes], days: int) -> bytes:
    """The date `days` later, to the precision in which it was given."""
    day = _day(match)
    assert day is not None
    new = f"{day + timedelta(days=days):%Y%m%d}".zfill(8).encode("ascii")
    given = sum(part is not None for part in match.groups()[:3])
    rest = match.groups()[3] or b"" if len(match.groups()) > 3 else b""
    return new[: (4, 6, 8)[given - 1]] + rest
