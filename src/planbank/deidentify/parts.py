"""An object as a list of parts: bytes that are the same in all copies, and values made for each.

Comes in: pieces of the source and answers of operators. Goes out: `Parts`, of which `render` makes
the data set of one copy. Sequences that change are written with undefined length, so that no length
depends on a copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planbank.deidentify import encode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planbank.deidentify.element import Keyed, View
    from planbank.dicom.encoding import Encoding


@dataclass(frozen=True, slots=True)
class Slot:
    """An element whose value is made for each copy."""

    tag: int
    vr: bytes
    encoding: Encoding
    value: Keyed

    def render(self, view: View) -> bytes:
        """The element in one copy."""
        return encode.element(self.tag, self.vr, self.value(view), self.encoding)


Part = bytes | memoryview | Slot


class Parts:
    """Parts in the order of the data set; neighbours in the source become one piece.

    Attributes:
        changed: whether anything is not as it was in the source.
        holds_uids: whether a UID is replaced in it.
    """

    __slots__ = ("_end", "_source", "_start", "changed", "holds_uids", "parts")

    def __init__(self, source: memoryview) -> None:
        self.parts: list[Part] = []
        self.changed = self.holds_uids = False
        self._source, self._start, self._end = source, 0, 0

    def keep(self, start: int, end: int) -> None:
        """Bytes of the source as they are."""
        if start != self._end:
            self._flush()
            self._start = start
        self._end = end

    def add(self, data: bytes) -> None:
        """New bytes."""
        self._flush()
        self.parts.append(data)
        self.changed = True

    def slot(self, slot: Slot) -> None:
        """An element of which each copy has its own."""
        self._flush()
        self.parts.append(slot)
        self.changed = True
        self.holds_uids = self.holds_uids or slot.vr == b"UI"

    def leave_out(self) -> None:
        """Something of the source is not there."""
        self.changed = True

    def extend(self, inner: Parts) -> None:
        """The parts of an item."""
        self._flush()
        self.parts += inner.done()
        self.holds_uids = self.holds_uids or inner.holds_uids

    def done(self) -> list[Part]:
        """All parts."""
        self._flush()
        return self.parts

    def _flush(self) -> None:
        if self._end > self._start:
            self.parts.append(self._source[self._start : self._end])
        self._start = self._end = 0


def render(parts: Iterable[Part], view: View) -> bytes:
    """The data set of one copy."""
    return b"".join(part.render(view) if isinstance(part, Slot) else part for part in parts)
