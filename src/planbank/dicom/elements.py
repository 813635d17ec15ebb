"""A strict walker over encoded data elements.

Comes in: data-set bytes and their encoding. Goes out: one `Element` after the other with
the place of its value in the bytes; nothing is decoded or copied. Lengths are checked
before they are used, nesting and numbers of items are bounded.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from planbank.dicom.encoding import IMPLICIT, Encoding
from planbank.errors import DicomMalformed, DicomTooDeep, DicomTooMany, DicomTruncated

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 64
MAX_ELEMENTS = 4_000_000
UNDEFINED = 0xFFFFFFFF

ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD
PIXEL_DATA = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
TRAILING_PADDING = 0xFFFCFFFC

SHORT_VRS = frozenset(
    (
        *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT"),
        *(b"PN", b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"),
    )
)
"""VRs whose explicit length has two bytes; every other one has four (PS3.5, table 7.1-1 and 7.1-2)."""


class Element(NamedTuple):
    """One element: where its value lies in the bytes.

    `vr` is empty in implicit VR. `end` is where the value ends, `after` where the next
    element begins (they differ by the delimiter of an undefined length). `inner` is the
    encoding of nested items: sequences hidden in UN of undefined length are implicit VR.
    """

    tag: int
    vr: bytes
    start: int
    end: int
    after: int
    undefined: bool
    inner: Encoding


class Walker:
    """Reads elements out of one buffer, within bounds.

    Args:
        data: the whole data set, not deflated.
        encoding: how it is encoded.
    """

    def __init__(self, data: bytes | memoryview, encoding: Encoding) -> None:
        order = "<" if encoding.little else ">"
        self.data = data
        self.encoding = encoding
        self.seen = 0
        self._tag = struct.Struct(order + "HH").unpack_from
        self._long = struct.Struct(order + "L").unpack_from
        self._short = struct.Struct(order + "H").unpack_from

    def elements(
        self,
        start: int = 0,
        end: int | None = None,
        *,
        encoding: Encoding | None = None,
        depth: int = 0,
    ) -> Iterator[Element]:
        """Elements between two offsets, of the data set or of one item."""
        encoding = encoding or self.encoding
        end = len(self.data) if end is None else end
        position = start
        while position < end:
            element = self.read(position, end, encoding, depth)
            if element.tag == ITEM_END:
                raise DicomMalformed("An item ends where none began.")
            yield element
            position = element.after

    def read(self, position: int, end: int, encoding: Encoding, depth: int) -> Element:
        """The element at `position`. Raises a DicomError where it does not fit before `end`."""
        self._count()
        if position + 8 > end:
            raise DicomTruncated(f"The last {end - position} bytes are not an element.")
        group, number = self._tag(self.data, position)
        tag = group << 16 | number
        vr, start = b"", position + 8
        if group == 0xFFFE:
            if number != 0xE00D:
                raise DicomMalformed("A sequence's delimiter stands where an element must be.")
            return Element(tag, vr, start, start, start, False, encoding)
        if encoding.explicit:
            vr, start, length = self._explicit(position, end)
        else:
            length = self._long(self.data, position + 4)[0]
        if length == UNDEFINED:
            inner = IMPLICIT if vr == b"UN" else encoding
            value_end, after = self.skip_items(start, end, inner, depth)
            return Element(tag, vr, start, value_end, after, True, inner)
        if length > end - start:
            raise DicomTruncated(f"({group:04X},{number:04X}) says {length} bytes, {end - start} are left.")
        # A sequence whose VR its sender did not know is implicit VR inside (PS3.5, section 6.2.2, note 2).
        inner = IMPLICIT if vr == b"UN" else encoding
        return Element(tag, vr, start, start + length, start + length, False, inner)

    def _explicit(self, position: int, end: int) -> tuple[bytes, int, int]:
        vr = bytes(self.data[position + 4 : position + 6])
        if vr in SHORT_VRS:
            return vr, position + 8, self._short(self.data, position + 6)[0]
        if not (vr.isalpha() and vr.isupper()):
            raise DicomMalformed("An element of an explicit VR data set has no value representation.")
        if position + 12 > end:
            raise DicomTruncated("The data stop inside the head of an element.")
        return vr, position + 12, self._long(self.data, position + 8)[0]

    def skip_items(self, position: int, end: int, encoding: Encoding, depth: int) -> tuple[int, int]:
        """Where a value of undefined length ends, and where the next element begins."""
        if depth >= MAX_DEPTH:
            raise DicomTooDeep(f"More than {MAX_DEPTH} levels.")
        while True:
            tag, _, _, after = self._item(position, end, encoding, depth)
            if tag == SEQUENCE_END:
                return position, after
            position = after

    def items(self, element: Element, depth: int = 0) -> Iterator[tuple[int, int]]:
        """Start and end offsets of the items of a sequence (or fragments of pixel data)."""
        position = element.start
        while position < element.end:
            tag, start, item_end, after = self._item(position, element.end, element.inner, depth)
            if tag == SEQUENCE_END:
                return
            yield start, item_end
            position = after

    def _item(self, position: int, end: int, encoding: Encoding, depth: int) -> tuple[int, int, int, int]:
        self._count()
        if position + 8 > end:
            raise DicomTruncated("A sequence stops before its end.")
        group, number = self._tag(self.data, position)
        tag = group << 16 | number
        length = self._long(self.data, position + 4)[0]
        start = position + 8
        if tag == SEQUENCE_END:
            return tag, start, start, start
        if tag != ITEM:
            raise DicomMalformed(f"({group:04X},{number:04X}) stands where an item must be.")
        if length != UNDEFINED:
            if length > end - start:
                raise DicomTruncated(f"An item says {length} bytes, {end - start} are left.")
            return tag, start, start + length, start + length
        position = start
        while True:
            element = self.read(position, end, encoding, depth + 1)
            if element.tag == ITEM_END:
                return tag, start, position, element.after
            position = element.after

    def _count(self) -> None:
        self.seen += 1
        if self.seen > MAX_ELEMENTS:
            raise DicomTooMany(f"More than {MAX_ELEMENTS} elements and items.")
