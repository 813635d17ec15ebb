"""One level of an object: the data set itself, or one item of a sequence.

Comes in: where it lies in the bytes. Goes out: its elements in ascending order, the character set
that holds here, and whether it is a coded entry (PS3.3, section 8.8).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from pydicom.datadict import dictionary_VR

from planbank.deidentify import codes
from planbank.dicom import text
from planbank.errors import Refused

if TYPE_CHECKING:
    from planbank.dicom.elements import Element, Walker
    from planbank.dicom.encoding import Encoding
    from planbank.dicom.text import CharacterSet

CHARACTER_SET = 0x00080005
_VALUES = frozenset((codes.CODE_VALUE, codes.LONG_CODE_VALUE, codes.URN_CODE_VALUE))
_FIELDS = _VALUES | {codes.SCHEME, codes.MEANING} | codes.BESIDES


@dataclass
class Level:
    """The elements of one level.

    Attributes:
        placed: where each element's head begins, and the element.
        inside: tag of the sequence it is an item of; 0 for the data set.
    """

    walker: Walker
    placed: list[tuple[int, Element]]
    encoding: Encoding
    inside: int
    charset: CharacterSet
    depth: int

    @classmethod
    def read(
        cls,
        walker: Walker,
        place: tuple[int, int],
        encoding: Encoding,
        inside: int,
        charset: CharacterSet,
        depth: int,
    ) -> Level:
        """The level that lies between two offsets. Raises Refused where a tag comes twice."""
        placed: list[tuple[int, Element]] = []
        position = place[0]
        for element in walker.elements(*place, encoding=encoding, depth=depth):
            placed.append((position, element))
            position = element.after
        if any(one[1].tag >= other[1].tag for one, other in pairwise(placed)):
            placed.sort(key=lambda each: each[1].tag)
            if any(one[1].tag == other[1].tag for one, other in pairwise(placed)):
                raise Refused("An attribute comes twice; which one holds cannot be told.")
        level = cls(walker, placed, encoding, inside, charset, depth)
        own = next((element for _, element in placed[:4] if element.tag == CHARACTER_SET), None)
        if own is not None:
            level.charset = text.character_set(level.value(own))
        return level

    def value(self, element: Element) -> bytes:
        """The bytes of a value."""
        return bytes(self.walker.data[element.start : element.end])

    def text_of(self, tag: int) -> str:
        """The value behind a tag, without padding; empty where it is absent."""
        found = next((element for _, element in self.placed if element.tag == tag), None)
        return "" if found is None else self.value(found).decode("latin-1").strip(" \0")

    @cached_property
    def is_code(self) -> bool:
        """Whether it is a coded entry."""
        return any(element.tag in _VALUES for _, element in self.placed[:8])

    def is_code_field(self, tag: int) -> bool:
        """Whether a tag belongs to the coded entry that this is."""
        return tag in _FIELDS and self.is_code

    @cached_property
    def meaning(self) -> str | None:
        """The published meaning of the coded entry; None for a code of somebody's own."""
        value = self.text_of(codes.CODE_VALUE) or self.text_of(codes.LONG_CODE_VALUE)
        return codes.meaning_of(self.text_of(codes.SCHEME), value)

    def coded(self, element: Element) -> bytes | None:
        """A field of a published code, written anew; where the code was taken from is left out."""
        if element.tag == codes.MEANING:
            return (self.meaning or "").encode("ascii")
        if element.tag in codes.BESIDES or element.tag == codes.URN_CODE_VALUE:
            return None
        return self.text_of(element.tag).encode("latin-1")


@cache
def dictionary_vr(tag: int) -> bytes:
    """The VR of a tag by PS3.6, the first of several; empty for one that is not there."""
    try:
        return dictionary_VR(tag)[:2].encode("ascii")
    except KeyError:
        return b""
