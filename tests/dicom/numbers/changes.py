"""Typing errors."""

from __future__ import annotations

from collections.abc import Iterator


def one_digit_off(number: str) -> Iterator[str]:
    """The number with each of its digits mistyped in every way."""
    for at, written in enumerate(number):
        if written.isdigit():
            yield from (f"{number[:at]}{n}{number[at + 1 :]}" for n in range(10) if str(n) != written)
