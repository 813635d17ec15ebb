"""Private attributes that PS3.15 section E.3.10 lists as safe, numbers only.

Comes in: the outermost elements of an object. Goes out: the safe ones with the creator of their
block, where the profile keeps them; every other private attribute is left out.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from planbank.deidentify import encode
from planbank.deidentify.parts import Parts
from planbank.deidentify.values import is_plain

if TYPE_CHECKING:
    from planbank.deidentify.element import Scope
    from planbank.dicom.elements import Element, Walker


@cache
def safe() -> dict[tuple[str, int, int], bytes]:
    """VR by (creator, group, last byte of the element)."""
    text = files(__package__).joinpath("standard", "safe_private.csv").read_text("ascii")
    return {
        (row["creator"], int(row["group"], 16), int(row["element"], 16)): row["vr"].encode("ascii")
        for row in csv.DictReader(text.splitlines())
    }


def safe_block(placed: list[tuple[int, Element]], walker: Walker, scope: Scope) -> dict[int, Parts]:
    """Safe private elements, and the creator of each block of which one is kept (PS3.5, section 7.8)."""
    source = memoryview(walker.data)
    creators: dict[int, str] = {}
    kept: dict[int, Parts] = {}
    for _, element in placed:
        group, number = element.tag >> 16, element.tag & 0xFFFF
        if not group & 1:
            continue
        value = bytes(source[element.start : element.end])
        if 0x10 <= number <= 0xFF:
            creators[group << 16 | number] = value.decode("latin-1").strip(" \0")
            continue
        block = group << 16 | number >> 8
        vr = safe().get((creators.get(block, ""), group, number & 0xFF))
        if vr is None or element.vr not in (b"", vr, b"UN") or element.undefined or not is_plain(vr, value):
            continue
        kept.setdefault(block, _new(block, b"LO", creators[block].encode("ascii"), walker))
        kept[element.tag] = _new(element.tag, vr, value, walker)
        scope.notes["safe private number kept", ""] += 1
    return kept


def _new(tag: int, vr: bytes, value: bytes, walker: Walker) -> Parts:
    parts = Parts(memoryview(walker.data))
    parts.add(encode.element(tag, vr, value, walker.encoding))
    return parts
