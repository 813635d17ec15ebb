"""Which attributes an object of a storage class has, and how much it needs them (PS3.3, PS3.4).

Comes in: a SOP Class UID, a tag and the sequence that holds it. Goes out: the type ('1', '1C', '2',
'2C', '3'), or '' for an attribute that is not there in the IOD. A class that is not listed is
refused: its text may lie anywhere.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_STRICTEST = ("1", "1C", "2", "2C", "3")


@dataclass(frozen=True, slots=True)
class Iod:
    """An information object definition: its name, and types by (sequence or 0, tag)."""

    name: str
    types: dict[tuple[int, int], str]
    tags: frozenset[int]

    def type_of(self, inside: int, tag: int) -> str:
        """The type of an attribute within a sequence (0: outermost); '' where it is not there."""
        return self.types.get((inside, tag), "")


@cache
def iod_of(sop_class_uid: str) -> Iod | None:
    """The definition of a storage class; None for one that cannot be made safe here."""
    row = classes().get(sop_class_uid)
    if row is None:
        return None
    types: dict[tuple[int, int], str] = {}
    for module in row["modules"].split():
        for key, kind in modules().get(module, {}).items():
            held = types.get(key, "3")
            types[key] = min(kind, held, key=_STRICTEST.index)
    tags = {tag for _, tag in types} | formerly().get(row["iod"], set()) | formerly()[""]
    return Iod(row["iod"], types, frozenset(tags))


def class_uids() -> tuple[str, ...]:
    """The storage classes that can be copied."""
    return tuple(classes())


@cache
def classes() -> dict[str, dict[str, str]]:
    return {row["sop_class"]: row for row in _rows("classes.csv")}


@cache
def formerly() -> dict[str, set[int]]:
    """Numbers that an IOD once had and that old objects still hold, by IOD; '' for all."""
    return {row["iod"]: {int(tag, 16) for tag in row["tags"].split()} for row in _rows("formerly.csv")}


@cache
def modules() -> dict[str, dict[tuple[int, int], str]]:
    found: dict[str, dict[tuple[int, int], str]] = {}
    for row in _rows("modules.csv"):
        inside = int(row["inside"] or "0", 16)
        types = found.setdefault(row["module"], {})
        for tag in row["tags"].split():
            types[inside, int(tag, 16)] = row["type"]
    return found


def _rows(name: str) -> list[dict[str, str]]:
    text = files(__package__).joinpath("standard", name).read_text("ascii")
    return list(csv.DictReader(text.splitlines()))
