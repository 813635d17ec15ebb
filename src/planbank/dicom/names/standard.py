"""Is a name a standard one? (model.md, Levels: 'stands in a vocabulary')

A name in these tables can be shown to anybody: it is a word of the field and tells of no person.
Target names follow a grammar (TG-263, section 6), in which no room is left for a number of more
than six digits, let alone a name.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from planbank.dicom.patterns import normal

_TARGET = re.compile(
    r"[zx_]?(?:IGTV|ICTV|GTV|CTV|ITV|PTV)(?:sb|par|vas|p|n|m|v|t)?\d{0,2}"
    r"(?:[ _-]?(?:High|Mid|Low|Boost|Eval|Opt|L|R))?"
    r"(?:[ _-]?\d{1,4}(?:[.p]\d{1,2})?(?:c?Gy)?(?:x\d{1,2})?)?"
    r"(?:[ _-]?(?:High|Mid|Low|Boost|Eval|Opt|L|R))?",
    re.IGNORECASE,
)
_MARGIN = re.compile(r"(.+?)[ _-]?PRV(?:[ _-]?\d{1,2}(?: ?mm)?)?(?:_[LR])?", re.IGNORECASE)


@dataclass(frozen=True)
class Known:
    """A name and what it stands for in TG-263."""

    name: str
    stands_for: str
    language: str


@cache
def known_names() -> tuple[Known, ...]:
    """All names of both tables, TG-263 first."""
    here = files(__package__)
    found: dict[str, Known] = {}
    for row in _rows(here.joinpath("tg263.csv").read_text("utf-8")):
        for name in (row["name"], row["reverse"]):
            if name:
                found.setdefault(folded(name), Known(name, row["name"], "tg263"))
    for row in _rows(here.joinpath("danish.csv").read_text("utf-8")):
        found.setdefault(folded(row["name"]), Known(row["name"], row["stands for"], row["language"]))
    return tuple(found.values())


def is_standard(name: str) -> bool:
    """Whether a name is a word of the field: in a table, a target by its grammar, or a margin of one."""
    plain = folded(name)
    if plain in _folded_names() or _TARGET.fullmatch(normal(name)):
        return True
    margin = _MARGIN.fullmatch(plain)
    return margin is not None and margin[1] in _folded_names()


def folded(name: str) -> str:
    """A name as it is compared: `patterns.normal`, without regard to case."""
    return normal(name).casefold()


@cache
def _folded_names() -> frozenset[str]:
    return frozenset(folded(known.name) for known in known_names())


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))
