"""The encoding rules of a data set, checked while its bytes stream by (PS3.5 sections 7.1 to 7.5, A.4).

Comes in: the bytes of a data set, in pieces of any size. Goes out: nothing, or ObjectRefused.
Values are skipped by arithmetic; what is held back between two pieces is a head, or one of the two UIDs.

Sequences of undefined length, and those whose VR says so, are gone through. In implicit VR a
value of a standard element that begins with an item is a sequence too; the few elements whose
bytes may be anything at all, private ones and UN of a known length are taken as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planbank.errors import ObjectRefused
from planbank.gate.coding import IMPLICIT, ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, Coding, is_vr
from planbank.gate.dimse import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_DEPTH = 64
MAX_ELEMENTS = 4_000_000
"""Elements and items of one data set."""

_DATA_SET, _SEQUENCE, _FRAGMENTS = range(3)
_DELIMITERS = 0xFFFE0000
_BEFORE_ANY = 0x0007FFFF  # groups 0000 to 0007 belong to commands, file meta and media
_NO_END = 1 << 62
_LONGEST_UID = 66  # 64 and padding
_PIXELS = 0x7FE0
_ANY_BYTES = frozenset(
    {
        *(0x00281201 + n for n in range(4)),  # palette colour look-up tables
        *(0x00281221 + n for n in range(3)),
        0x00283006,  # LUT Data
        0x00420011,  # Encapsulated Document
        0x54001010,  # Waveform Data
    }
)

Buffer = bytes | memoryview


class _Level:
    """One data set, item or sequence that is open. `stop`: where it ends at the latest."""

    __slots__ = ("ceiling", "coding", "kind", "last", "stop", "undefined")

    def __init__(self, kind: int, coding: Coding, stop: int, *, undefined: bool) -> None:
        self.kind = kind
        self.coding = coding
        self.stop = stop
        self.undefined = undefined
        self.last = _BEFORE_ANY
        self.ceiling = _DELIMITERS


class Structure:
    """Checks one data set."""

    def __init__(self, coding: Coding, expected: Sequence[tuple[int, str, str | None]]) -> None:
        """`expected`: (tag, name, UID) of elements that must be there with this value, in order of
        tags; None: with any value, but not empty.
        """
        self._expected = list(expected)
        self._level = _Level(_DATA_SET, coding, _NO_END, undefined=False)
        self._parents: list[_Level] = []
        self._may_come = MAX_ELEMENTS
        self._base = 0  # of the first byte in hand
        self._next = 0  # of the next head
        self._held = b""
        self._expect()

    def feed(self, piece: Buffer) -> None:
        """The next bytes. Raises ObjectRefused."""
        if not self._held and self._next >= self._base + len(piece):
            self._base += len(piece)
            return
        buffer = self._held + piece if self._held else piece
        at = self._go(buffer, self._next - self._base)
        self._next = self._base + at
        self._held = bytes(buffer[at:])
        self._base += min(at, len(buffer))

    def end(self) -> None:
        """No more bytes come. Raises ObjectRefused."""
        if self._parents:
            raise malformed("The data set stops inside a sequence.")
        self._level.stop = self._base + len(self._held)
        self._next = self._base + self._go(self._held, self._next - self._base)
        if self._next != self._level.stop:
            raise malformed("The data set stops inside an element.")
        if self._expected:
            raise mismatch(f"The data set has no {self._expected[0][1]}.")

    def _go(self, buffer: Buffer, at: int) -> int:
        """Check what is in hand; gives where the next head stands or will stand."""
        size = len(buffer)
        while True:
            level = self._level
            left = level.stop - self._base - at
            if left < 8:
                if left == 0 and not self._parents:
                    return at
                self._run_out(level, left)
            elif at >= size:
                return at
            else:
                before = at
                if level.kind != _DATA_SET:
                    at = self._item(buffer, at, size)
                elif level.coding.explicit:
                    at = self._explicit(buffer, at, size)
                else:
                    at = self._implicit(buffer, at, size)
                if at == before:
                    return at  # more bytes are needed

    def _run_out(self, level: _Level, left: int) -> None:
        if left < 0:
            raise malformed("An element is longer than what holds it.")
        if left > 0:
            raise malformed("The bytes at the end of an item are no element.")
        if level.undefined:
            raise malformed("A sequence stops before its end.")
        self._level = self._parents.pop()

    # --- elements

    def _explicit(self, buffer: Buffer, at: int, size: int) -> int:
        """Elements until one opens or closes something, or the bytes run out."""
        level = self._level
        head, short_vrs = level.coding.head, level.coding.short_vrs
        last, ceiling, seen = level.last, level.ceiling, 0
        ready = min(level.stop - self._base, size) - 8
        while at <= ready:
            group, number, vr, length = head(buffer, at)
            tag = group << 16 | number
            if last < tag < ceiling and vr in short_vrs:
                last = tag
                seen += 1
                at += 8 + length
            else:
                level.last = last
                self._count(seen)
                return self._explicit_other(buffer, at, size, tag, vr, length)
        level.last = last
        self._count(seen)
        return at

    def _explicit_other(self, buffer: Buffer, at: int, size: int, tag: int, vr: int, length: int) -> int:
        self._check_tag(tag)
        level = self._level
        if tag >= _DELIMITERS:
            return self._end_item(tag, at)
        start = at + 8
        if vr not in level.coding.short_vrs:
            if not is_vr(vr):
                raise malformed("An element has no value representation.")
            start = at + 12
            if start > level.stop - self._base:
                raise malformed("The bytes at the end of an item are no element.")
            if start > size:
                return at
            (length,) = level.coding.long(buffer, at + 8)
        if tag >= level.ceiling and not self._is_expected(tag, buffer, start, length):
            return at
        kind, coding = _DATA_SET, level.coding
        if vr == coding.sq:
            kind = _SEQUENCE
        elif length == UNDEFINED and vr == coding.un and tag >> 16 != _PIXELS:
            kind, coding = _SEQUENCE, IMPLICIT  # PS3.5 section 6.2.2, note 2
        elif length == UNDEFINED:
            kind = _FRAGMENTS
        return self._value(tag, start, length, kind, coding)

    def _implicit(self, buffer: Buffer, at: int, size: int) -> int:
        """As `_explicit`."""
        level = self._level
        coding, head = level.coding, level.coding.head
        last, ceiling, seen, item = level.last, level.ceiling, 0, coding.item_tag
        stop = level.stop - self._base
        ready = min(stop, size) - 12
        while at <= ready:
            group, number, length, first = head(buffer, at)
            tag = group << 16 | number
            if last < tag < ceiling and first != item and length != UNDEFINED:
                last = tag
                seen += 1
                at += 8 + length
            else:
                level.last = last
                self._count(seen)
                return self._implicit_other(buffer, at, tag, length, begins_item=first == item)
        level.last = last
        self._count(seen)
        if at + 8 <= stop < at + 12 and at + 8 <= size:  # the last element of an item, nearly empty
            group, number, length = coding.item(buffer, at)
            return self._implicit_other(buffer, at, group << 16 | number, length, begins_item=False)
        return at

    def _implicit_other(self, buffer: Buffer, at: int, tag: int, length: int, *, begins_item: bool) -> int:
        self._check_tag(tag)
        level = self._level
        if tag >= _DELIMITERS:
            return self._end_item(tag, at)
        if tag >= level.ceiling and not self._is_expected(tag, buffer, at + 8, length):
            return at
        kind = _DATA_SET
        if length == UNDEFINED:
            kind = _FRAGMENTS if tag >> 16 == _PIXELS else _SEQUENCE
        elif begins_item and length >= 8 and not _may_be_any_bytes(tag):
            kind = _SEQUENCE
        return self._value(tag, at + 8, length, kind, level.coding)

    def _check_tag(self, tag: int) -> None:
        if tag <= self._level.last:
            raise malformed(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is out of order.")

    def _value(self, tag: int, start: int, length: int, kind: int, coding: Coding) -> int:
        """Where the next head stands: behind a value, or at a sequence's first item."""
        level = self._level
        self._count(1)
        level.last = tag
        if kind == _DATA_SET:
            return start + length
        undefined = length == UNDEFINED
        stop = level.stop if undefined else self._base + start + length
        self._open(_Level(kind, coding, stop, undefined=undefined))
        if len(self._parents) > 2 * MAX_DEPTH:
            raise malformed(f"Sequences are nested deeper than {MAX_DEPTH} levels.")
        return start

    # --- sequences

    def _item(self, buffer: Buffer, at: int, size: int) -> int:
        if at + 8 > size:
            return at
        level = self._level
        group, number, length = level.coding.item(buffer, at)
        tag = group << 16 | number
        at += 8
        self._count(1)
        if tag == SEQUENCE_END:
            return self._close(at)
        if tag != ITEM:
            raise malformed(f"({group:04X},{number:04X}) stands where an item must be.")
        undefined = length == UNDEFINED
        if level.kind == _FRAGMENTS:
            if undefined:
                raise malformed("A fragment of pixel data has no length.")
            return at + int(length)
        stop = level.stop if undefined else self._base + at + length
        self._open(_Level(_DATA_SET, level.coding, stop, undefined=undefined))
        return at

    def _end_item(self, tag: int, at: int) -> int:
        if tag != ITEM_END or not self._parents:
            raise malformed("A delimiter stands where an element must be.")
        self._count(1)
        return self._close(at + 8)

    def _open(self, level: _Level) -> None:
        if level.stop > self._level.stop:
            raise malformed("A sequence or item is longer than what holds it.")
        self._parents.append(self._level)
        self._level = level

    def _close(self, at: int) -> int:
        """A delimiter was read: superfluous, but harmless, at the end of what has a length."""
        level = self._level
        if not level.undefined and self._base + at != level.stop:
            raise malformed("A sequence or item ends before its length.")
        self._level = self._parents.pop()
        return at

    def _count(self, more: int) -> None:
        self._may_come -= more
        if self._may_come < 0:
            raise malformed(f"There are more than {MAX_ELEMENTS} elements and items.")

    # --- the UIDs

    def _expect(self) -> None:
        self._level.ceiling = self._expected[0][0] if self._expected else _DELIMITERS

    def _is_expected(self, tag: int, buffer: Buffer, start: int, length: int) -> bool:
        """Whether an expected value was in hand whole, and right. Raises ObjectRefused where it is wrong."""
        expected, name, uid = self._expected[0]
        if tag > expected:
            raise mismatch(f"The data set has no {name}.")
        if uid is None:
            if not length:
                raise mismatch(f"The data set's {name} is empty.")
            self._found()
            return True
        if length > _LONGEST_UID:
            raise mismatch(f"The data set's {name} is too long.")
        if start + length > len(buffer):
            return False
        value = bytes(buffer[start : start + length]).strip(b"\0 ")
        if value != uid.encode("ascii"):
            fault = "differs from the command's" if value else "is empty"
            raise mismatch(f"The data set's {name} {fault}.")
        self._found()
        return True

    def _found(self) -> None:
        del self._expected[0]
        self._expect()


def _may_be_any_bytes(tag: int) -> bool:
    """Whether a value that begins like an item need not be a sequence: bulk data, curves, private."""
    group = tag >> 16
    return bool(group & 1) or group >> 8 in (0x50, 0x60, 0x7F) or tag in _ANY_BYTES


def malformed(detail: str) -> ObjectRefused:
    """The refusal of a data set that breaks the rules of encoding."""
    return ObjectRefused(Status.CANNOT_UNDERSTAND, detail)


def mismatch(detail: str) -> ObjectRefused:
    """The refusal of a data set that is not what its command says."""
    return ObjectRefused(Status.DATA_SET_MISMATCH, detail)
