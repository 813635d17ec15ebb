"""What a scheme of numbers is.

Comes in: its name, its country, how it reads an ID. Goes out: `Scheme`, `Number`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is compared: without signs between its parts, zeros kept.

    `is_sound` says whether its check digits hold.
    """

    value: str
    is_sound: bool = True


@dataclass(frozen=True, slots=True)
class Scheme:
    """One kind of national number. `name` has at most 16 characters and is never changed: rows keep it.

    `country` is ISO 3166-1, two letters. Where `is_strict`, a number whose check digits fail is not taken for
    one: it stays local, as a typing error would otherwise make one patient of two.
    """

    name: str
    country: str
    read: Callable[[str], Number | None]
    is_strict: bool = True
