"""A ZIP whose bytes are known before it is written, so that a broken download goes on where it broke.

Comes in: members with size and CRC-32, and a way to open each. Goes out: any range of the file's bytes.
Members are stored, not compressed (PKWARE APPNOTE 6.3.10, 4.3.7 to 4.3.16): DICOM pixel data gain little,
and a stored member begins at an offset that addition gives. Files beyond 4 GiB or 65,535 members get the
zip64 records. Dates are those of no day: what a file was made from has its own.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from planbank.errors import ObjectMissing

BLOCK = 1 << 20
_VERSION, _ZIP64 = 20, 45
_NAMES_IN_UTF8 = 0x0800
_FIRST_DAY = 0x0021  # 1980-01-01, the first that the format knows
_WIDE, _MANY = 0xFFFFFFFF, 0xFFFF
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside: its name, bytes, CRC-32, and where its local header begins."""

    name: str
    size: int
    crc: int
    offset: int

    @property
    def end(self) -> int:
        """Where the next member begins."""
        return self.offset + length(self.name, self.size)


@dataclass(frozen=True, slots=True)
class Ends:
    """How many members there are, where the directory begins and how long it is."""

    count: int
    directory: int
    directory_size: int

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self.directory + self.directory_size + len(_tail(self))


def length(name: str, size: int) -> int:
    """Bytes that a member takes: local header, name, data. Its size must be under 4 GiB."""
    if size >= _WIDE:
        raise ValueError("a member has less than 4 GiB")
    return _LOCAL.size + len(name.encode()) + size


def ends(members: Iterable[Member]) -> Ends:
    """What comes after the members; they are given in the order of their offsets."""
    count = directory = directory_size = 0
    for member in members:
        count += 1
        directory = member.end
        directory_size += len(_entry(member))
    return Ends(count, directory, directory_size)


def pieces(
    members: Callable[[int], Iterable[Member]],
    opened: Callable[[Member], BinaryIO],
    whole: Ends,
    start: int = 0,
    stop: int | None = None,
) -> Iterator[bytes]:
    """The bytes from `start` to before `stop`. `members(at)`: those that end after `at`, in order.

    Raises ObjectMissing where a member's bytes are fewer or more than was said: whoever reads must not
    take the file for whole.
    """
    stop = whole.size if stop is None else min(stop, whole.size)
    if start < whole.directory:
        for member in members(start):
            if member.offset >= stop:
                return
            yield from _member(member, opened, start, stop)
    at = whole.directory
    if stop <= at:
        return
    for member in members(0):
        yield from _cut(_entry(member), at, start, stop)
        at += len(_entry(member))
    yield from _cut(_tail(whole), at, start, stop)


def _member(member: Member, opened: Callable[[Member], BinaryIO], start: int, stop: int) -> Iterator[bytes]:
    name = member.name.encode()
    head = _LOCAL.pack(
        *(b"PK\x03\x04", _VERSION, _NAMES_IN_UTF8, 0, 0, _FIRST_DAY, member.crc),
        *(member.size, member.size, len(name), 0),
    )
    yield from _cut(head + name, member.offset, start, stop)
    begins = member.offset + len(head) + len(name)
    first, last = max(start - begins, 0), min(stop - begins, member.size)
    if last <= first:
        return
    with opened(member) as stream:
        stream.seek(first)
        left = last - first
        while left:
            block = stream.read(min(BLOCK, left))
            if not block:
                raise ObjectMissing
            left -= len(block)
            yield block
        if last == member.size and stream.read(1):
            raise ObjectMissing


def _entry(member: Member) -> bytes:
    """A member's record in the directory."""
    name, is_far = member.name.encode(), member.offset >= _WIDE
    extra = struct.pack("<HHQ", 1, 8, member.offset) if is_far else b""
    version = _ZIP64 if is_far else _VERSION
    record = _CENTRAL.pack(
        *(b"PK\x01\x02", version, version, _NAMES_IN_UTF8, 0, 0, _FIRST_DAY, member.crc),
        *(member.size, member.size, len(name), len(extra), 0, 0, 0, 0),
        _WIDE if is_far else member.offset,
    )
    return record + name + extra


def _tail(whole: Ends) -> bytes:
    """The end records."""
    count, at, size = whole.count, whole.directory, whole.directory_size
    wide = b""
    if count >= _MANY or at >= _WIDE or size >= _WIDE:
        wide = _END64.pack(b"PK\x06\x06", _END64.size - 12, _ZIP64, _ZIP64, 0, 0, count, count, size, at)
        wide += _LOCATOR.pack(b"PK\x06\x07", 0, at + size, 1)
    few = min(count, _MANY)
    return wide + _END.pack(b"PK\x05\x06", 0, 0, few, few, min(size, _WIDE), min(at, _WIDE), 0)


def _cut(data: bytes, at: int, start: int, stop: int) -> Iterator[bytes]:
    """The part of `data`, which stands at `at`, that lies in the range."""
    part = data[max(start - at, 0) : max(stop - at, 0)]
    if part:
        yield part
