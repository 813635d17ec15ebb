"""Invented people: obviously invented Danish names and numbers formed like a CPR number.

Comes in: a seed and a sex. Goes out: a name, a birth date and a ten-digit number whose checksum is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

_WOMEN = ("Anna", "Bodil", "Søs", "Karla", "Ellen", "Mette", "Tove", "Åse", "Ingrid", "Rigmor")
_MEN = ("Bent", "Jørgen", "Viggo", "Aksel", "Åge", "Erling", "Svend", "Ægir", "Kaj", "Holger")
_SURNAMES = (
    "Testesen",
    "Prøvesen",
    "Fiktivsen",
    "Eksempelsen",
    "Demosen",
    "Opdigtsen",
    "Syntetsen",
    "Øvesen",
)
_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person; `number` is ten digits, day of birth first."""

    name: str
    number: str
    birth_date: date
    sex: str


def invent_person(rng: np.random.Generator, sex: str, *, early_day: bool = False) -> Person:
    """A person of 38 to 84 years in 2026; `early_day` makes the number begin with a zero."""
    given = _WOMEN if sex == "F" else _MEN
    name = f"{_SURNAMES[rng.integers(len(_SURNAMES))]}^{given[rng.integers(len(given))]}"
    born = date(1942, 1, 1) + timedelta(days=int(rng.integers(46 * 365)))
    if early_day:
        born = born.replace(day=1 + int(rng.integers(9)))
    return Person(name, _number(rng, born, sex), born, sex)


def _number(rng: np.random.Generator, born: date, sex: str) -> str:
    """DDMMYY and a serial, even for women, whose weighted sum is never a multiple of eleven."""
    head = f"{born:%d%m%y}"
    serial = int(rng.integers(100, 4000)) * 2 % 4000 + (sex == "M")
    while True:
        number = f"{head}{serial:04d}"
        if sum(int(digit) * w for digit, w in zip(number, _WEIGHTS, strict=True)) % 11:
            return number
        serial = (serial + 2) % 4000
