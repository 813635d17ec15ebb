"""A file, level by level, for whoever looks at one after it was made.

Comes in: the bytes of a DICOM file. Goes out: its elements and items, as bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from planbank.dicom.elements import Walker
from planbank.dicom.encoding import plain_data_set, split_file

if TYPE_CHECKING:
    from planbank.dicom.elements import Element
    from planbank.dicom.encoding import Encoding


class Level(NamedTuple):
    """One level of a file: the data set or an item."""

    walker: Walker
    place: tuple[int, int]
    encoding: Encoding
    depth: int = 0

    def elements(self) -> dict[int, Element]:
        """Its elements by tag."""
        found = self.walker.elements(*self.place, encoding=self.encoding, depth=self.depth)
        return {one.tag: one for one in found}

    def value(self, element: Element) -> bytes:
        """The bytes of a value, without padding."""
        return bytes(self.walker.data[element.start : element.end]).rstrip(b" \0")

    def items(self, element: Element) -> list[Level]:
        """The items of a sequence."""
        places = self.walker.items(element, self.depth)
        return [Level(self.walker, place, element.inner, self.depth + 1) for place in places]


def level_of(file: bytes) -> Level:
    """Its outermost level. Raises a DicomError where it cannot be read."""
    syntax, stored = split_file(file)
    data, encoding = plain_data_set(stored, syntax)
    return Level(Walker(data, encoding), (0, len(data)), encoding)
