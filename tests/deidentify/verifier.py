"""A verifier of copies, written apart from what makes them: it reads the bytes itself.

Comes in: files before and after. Goes out: leaks, references that lead nowhere, identities that two
copies or a copy and its source share, and breaches of the encoding. It imports nothing of planbank.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydicom.datadict import dictionary_VR
from pydicom.uid import UID_dictionary

LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
LIMITS = {
    "AE": 16,
    "AS": 4,
    "CS": 16,
    "DA": 8,
    "DS": 16,
    "DT": 26,
    "IS": 12,
    "LO": 64,
    "SH": 16,
    "TM": 16,
    "UI": 64,
}
UNDEFINED = 0xFFFFFFFF
Path = tuple[int, ...]


@dataclass(frozen=True)
class Value:
    """One element: tags and item numbers that lead to it, its VR, its bytes."""

    path: Path
    tag: int
    vr: str
    data: bytes

    @property
    def uids(self) -> tuple[str, ...]:
        return (
            tuple(part.strip(b" \0").decode("latin-1") for part in self.data.split(b"\\"))
            if self.data
            else ()
        )


@dataclass
class File:
    """A file as it was read."""

    raw: bytes
    syntax: str
    data: bytes
    meta: list[Value]
    values: list[Value]

    def one(self, tag: int) -> bytes:
        return next((value.data for value in self.values if value.path == () and value.tag == tag), b"")

    @property
    def uid(self) -> str:
        return self.one(0x00080018).strip(b" \0").decode()


def read(raw: bytes) -> File:
    assert raw[128:132] == b"DICM"
    size = int.from_bytes(raw[140:144], "little")
    start = 144 + size
    meta = list(_level(raw, 132, start, "<", True, ()))
    assert start <= len(raw)
    syntax = next(value.data for value in meta if value.tag == 0x00020010).rstrip(b"\0").decode()
    data = raw[start:]
    if syntax == "1.2.840.10008.1.2.1.99":
        data = zlib.decompress(data, -15)
    order = ">" if syntax == "1.2.840.10008.1.2.2" else "<"
    values = list(_level(data, 0, len(data), order, syntax != "1.2.840.10008.1.2", ()))
    return File(raw, syntax, data, meta, values)


def _level(data: bytes, at: int, end: int, order: str, explicit: bool, path: Path) -> Iterator[Value]:
    while at < end:
        tag, vr, start, length = _head(data, at, order, explicit)
        if tag == 0xFFFEE00D:
            return
        if vr == "SQ" or (length == UNDEFINED and vr == "UN"):
            inner = ("<", False) if vr == "UN" else (order, explicit)
            yield Value(path, tag, "SQ", b"")
            at, found = _items(data, start, length, *inner, (*path, tag))
            yield from found
        elif length == UNDEFINED:
            at = _fragments(data, start)
            yield Value(path, tag, vr, data[start:at])
        else:
            at = start + length
            assert at <= end, f"{tag:08X} runs over"
            yield Value(path, tag, vr, data[start:at])


def _head(data: bytes, at: int, order: str, explicit: bool) -> tuple[int, str, int, int]:
    group, number = struct.unpack_from(order + "HH", data, at)
    tag = group << 16 | number
    if group == 0xFFFE:
        return tag, "", at + 8, struct.unpack_from(order + "L", data, at + 4)[0]
    if not explicit:
        try:
            vr = dictionary_VR(tag)[:2]
        except KeyError:
            vr = "UN"
        return tag, vr, at + 8, struct.unpack_from(order + "L", data, at + 4)[0]
    written = data[at + 4 : at + 6]
    if written in LONG:
        return tag, written.decode(), at + 12, struct.unpack_from(order + "L", data, at + 8)[0]
    return tag, written.decode(), at + 8, struct.unpack_from(order + "H", data, at + 6)[0]


def _items(
    data: bytes, at: int, length: int, order: str, explicit: bool, path: Path
) -> tuple[int, list[Value]]:
    end = len(data) if length == UNDEFINED else at + length
    found: list[Value] = []
    number = 0
    while at < end:
        tag, _, start, size = _head(data, at, order, explicit)
        if tag == 0xFFFEE0DD:
            return start, found
        assert tag == 0xFFFEE000, f"{tag:08X} instead of an item"
        if size == UNDEFINED:
            inner = _open_item(data, start, order, explicit, (*path, number))
            found += inner[1]
            at = inner[0]
        else:
            found += _level(data, start, start + size, order, explicit, (*path, number))
            at = start + size
        number += 1
    return at, found


def _open_item(data: bytes, at: int, order: str, explicit: bool, path: Path) -> tuple[int, list[Value]]:
    found: list[Value] = []
    while True:
        tag, vr, start, length = _head(data, at, order, explicit)
        if tag == 0xFFFEE00D:
            return start, found
        if vr == "SQ" or (length == UNDEFINED and vr == "UN"):
            found.append(Value(path, tag, "SQ", b""))
            inner = ("<", False) if vr == "UN" else (order, explicit)
            at, items = _items(data, start, length, *inner, (*path, tag))
            found += items
        else:
            assert length != UNDEFINED
            at = start + length
            found.append(Value(path, tag, vr, data[start:at]))


def _fragments(data: bytes, at: int) -> int:
    while True:
        tag, length = struct.unpack_from("<L", data, at)[0], struct.unpack_from("<L", data, at + 4)[0]
        at += 8
        if tag == 0xE0DDFFFE:
            return at
        at += length


# What is asked of copies


def leaks(files: Iterable[File], canaries: Iterable[str]) -> list[str]:
    """Canaries that stand anywhere in the bytes, in any case and any of the usual encodings."""
    wanted = {}
    for canary in canaries:
        for spelled in (canary, canary[::-1], canary.replace(" ", ""), canary.replace("-", "")):
            for codec in ("utf-8", "latin-1", "utf-16-le", "iso2022_jp", "iso8859_5"):
                wanted[spelled.casefold().encode(codec, "ignore")] = canary
    found = set()
    for file in files:
        body = (file.raw[:132] + file.data + b"".join(value.data for value in file.meta)).lower()
        found |= {name for spelled, name in wanted.items() if len(spelled) > 3 and spelled in body}
    return sorted(found)


def uids_of(file: File) -> set[str]:
    """UIDs that stand for something of somebody: not those the Standard registered."""
    found = {uid for value in (*file.values, *file.meta) if value.vr == "UI" for uid in value.uids}
    ours = {value.uids[0] for value in file.meta if value.tag == 0x00020012}
    return {uid for uid in found if uid and uid not in UID_dictionary} - ours


REFERENCES = {0x00081155, 0x0020000D, 0x0020000E, 0x00200052, 0x30060024, 0x300A0083, 0x00081140}


def dangling(before: list[File], after: list[File]) -> list[str]:
    """References that are gone, or lead elsewhere than their originals did."""
    said = []
    mapping: dict[str, str] = {}
    for old, new in zip(before, after, strict=True):
        olds = [v for v in old.values if v.vr == "UI" and v.tag in REFERENCES and not v.tag >> 16 & 1]
        news = [v for v in new.values if v.vr == "UI" and v.tag in REFERENCES]
        if [(v.path, v.tag) for v in olds] != [(v.path, v.tag) for v in news]:
            said.append("a reference is gone or new")
            continue
        for was, now in zip(olds, news, strict=True):
            for one, other in zip(was.uids, now.uids, strict=True):
                if mapping.setdefault(one, other) != other:
                    said.append("one UID became two")
        mapping.setdefault(old.uid, new.uid)
    if len(set(mapping.values())) != len(mapping):
        said.append("two UIDs became one")
    for old, new in zip(before, after, strict=True):
        if mapping.get(old.uid) != new.uid:
            said.append("a reference does not lead to its object")
    return said


def collisions(sets: Iterable[list[File]]) -> list[str]:
    """UIDs, patient IDs, names and labels that two sets share."""
    said = []
    seen: dict[str, int] = {}
    for number, files in enumerate(sets):
        mine = set().union(*(uids_of(file) for file in files))
        mine |= {
            file.one(tag).decode("latin-1").strip() for file in files for tag in (0x00100020, 0x00100010)
        } - {""}
        for one in mine:
            if seen.setdefault(one, number) != number:
                said.append(f"sets {seen[one]} and {number} share an identity")
    return said


def kept(before: File, after: File, tags: Iterable[int]) -> list[str]:
    """Attributes whose bytes are not what they were."""
    said = []
    for tag in tags:
        pair = [[(v.path, v.data) for v in file.values if v.tag == tag] for file in (before, after)]
        if pair[0] != pair[1]:
            said.append(f"{tag:08X}")
    return said


_FORMS = {
    "DA": rb"(\d{8})? *",
    "TM": rb"(\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?)? *",
    "UI": rb"([0-9.]{1,64})?\0?",
    "CS": rb"[A-Z0-9 _]*",
    "DS": rb"[0-9+\-.eE ]*",
    "IS": rb"[0-9+\- ]*",
}


def lint(file: File) -> list[str]:
    """What an importer would stumble over: lengths, order, forms, identifiers that must be there."""
    said = []
    for value in (*file.meta, *file.values):
        if len(value.data) % 2:
            said.append(f"{value.tag:08X} has an odd length")
        if value.vr in LIMITS:
            for part in value.data.split(b"\\"):
                form = _FORMS.get(value.vr)
                if len(part.rstrip(b" \0")) > LIMITS[value.vr] or (form and not re.fullmatch(form, part)):
                    said.append(f"{value.tag:08X} is no {value.vr}")
        if value.tag >> 16 & 1:
            said.append("private")
    top = [value.tag for value in file.values if value.path == ()]
    if top != sorted(set(top)):
        said.append("elements out of order")
    for tag in (
        0x00080016,
        0x00080018,
        0x0020000D,
        0x0020000E,
        0x00100010,
        0x00100020,
        0x00080060,
        0x00120062,
    ):
        if not file.one(tag):
            said.append(f"{tag:08X} is missing")
    meta = {value.tag: value.data for value in file.meta}
    if meta[0x00020003].rstrip(b"\0") != file.one(0x00080018).rstrip(b"\0"):
        said.append("the meta header names another object")
    if any(file.raw[:128]) or set(meta) - {
        0x00020000,
        0x00020001,
        0x00020002,
        0x00020003,
        0x00020010,
        0x00020012,
        0x00020013,
    }:
        said.append("something stands in preamble or meta header")
    return said
