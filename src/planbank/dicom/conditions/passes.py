"""What a value can be tested for: one maker a test, which checks its argument once.

Comes in: the argument as people write it. Goes out: a function from a value to whether it passes.
Text is compared trimmed and without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from planbank.dicom.patterns import Pattern, normal
from planbank.errors import ConditionError

Passes = Callable[[str], bool]
MAX_LENGTH = 256
_DATE = re.compile(r"\d{8}\Z")


def equals(value: str) -> Passes:
    """The same text, or the same number: '6' is '6.0'."""
    wanted, number = normal(value).casefold(), _number(value)
    return lambda found: (
        normal(found).casefold() == wanted or (number is not None and _number(found) == number)
    )


def wildcard(value: str) -> Passes:
    """`*` and `?`."""
    try:
        return Pattern(value).matches
    except ValueError as exc:
        raise ConditionError(str(exc)) from None


def contains(value: str) -> Passes:
    """The text somewhere inside."""
    wanted = normal(value).casefold()
    if not wanted or len(wanted) > MAX_LENGTH:
        raise ConditionError(f"'contains' wants 1 to {MAX_LENGTH} characters.")
    return lambda found: wanted in normal(found).casefold()


def exists(value: str) -> Passes:
    """Present with a value."""
    if value:
        raise ConditionError("'exists' takes no value.")
    return lambda found: bool(found.strip())


def absent(value: str) -> Passes:
    """Not there at all."""
    if value:
        raise ConditionError("'absent' takes no value.")
    return lambda found: False


def span(value: str) -> Passes:
    """`40..60`, `40..`, `..60`, both ends included; numbers, or dates as 20260131."""
    low_text, dots, high_text = (part.strip() for part in value.partition(".."))
    low, high = _bound(low_text), _bound(high_text)
    if not dots or (low is None and high is None):
        raise ConditionError("A range is written 40..60, 40.. or ..60.")
    if low is not None and high is not None and low > high:
        raise ConditionError(f"The range {value[:40]} ends before it begins.")
    dates = all(_DATE.match(text) for text in (low_text, high_text) if text)

    def passes(found: str) -> bool:
        number = _number(found[:8] if dates else found)
        return number is not None and (low is None or low <= number) and (high is None or number <= high)

    return passes


def _bound(text: str) -> float | None:
    if not text:
        return None
    number = _number(text)
    if number is None:
        raise ConditionError(f"'{text[:40]}' is no number; a range is written 40..60, 40.. or ..60.")
    return number


def _number(text: str) -> float | None:
    if "_" in text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number - number == 0 else None


TESTS: Mapping[str, Callable[[str], Passes]] = {
    "equals": equals,
    "wildcard": wildcard,
    "contains": contains,
    "exists": exists,
    "absent": absent,
    "range": span,
}
