"""Sums that check digits are made of, and days inside numbers.

Comes in: digits as text. Goes out: numbers and yes or no.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date


def weighted(digits: str, weights: Sequence[int]) -> int:
    """The sum of digit times weight, over as many digits as there are weights."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it (ISO/IEC 7812-1, annex B)."""
    doubled = (int(digit) * (2 if n % 2 else 1) for n, digit in enumerate(reversed(digits)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def is_day(day: int, month: int, year: int, centuries: Sequence[int] = (1900, 2000)) -> bool:
    """Whether it is a day of the calendar, in one of the centuries at least."""
    for century in centuries:
        try:
            date(century + year, month, day)
        except ValueError:
            continue
        return True
    return False
