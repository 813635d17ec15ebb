"""A data set, or one item of a sequence, read attribute by attribute from its bytes.

Comes in: encoded bytes. Goes out: an `Item` whose values are asked for by keyword and
decoded on demand. A value that is absent, empty or unreadable is None (or "" or []), never
an exception; unreadable ones are noted in `odd` (R16).
"""

from __future__ import annotations

import math
import struct
from functools import lru_cache
from typing import TYPE_CHECKING

from pydicom.datadict import dictionary_VR, tag_for_keyword

from planbank.dicom import text
from planbank.dicom.elements import Element, Walker
from planbank.dicom.encoding import Encoding, plain_data_set
from planbank.errors import DicomError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORMATS = {b"US": "H", b"SS": "h", b"UL": "L", b"SL": "l", b"FL": "f", b"FD": "d", b"UV": "Q", b"SV": "q"}

_OPAQUE = frozenset({b"OB", b"OW", b"OF", b"OD", b"OL", b"OV"})
_ONE_VALUE = frozenset({b"ST", b"LT", b"UT", b"UR"})  # PS3.5 6.4: a backslash is a letter there
_LONGEST = 65_536


@lru_cache(maxsize=2048)
def tag_of(keyword: str) -> int:
    """The tag behind a keyword of the data dictionary. Raises KeyError for an unknown one."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return tag


@lru_cache(maxsize=4096)
def _dictionary_vr(tag: int) -> bytes:
    try:
        return dictionary_VR(tag)[:2].encode()
    except KeyError:
        return b"UN"


class Item:
    """One data set: `read_items` makes the outermost, `items` the nested ones.

    Attributes:
        odd: keywords whose value could not be read, shared by the whole object.
        walker: reads the bytes this item lies in.
    """

    __slots__ = ("_depth", "_encoding", "_end", "_fields", "_outer", "_own", "_start", "odd", "walker")

    def __init__(
        self,
        walker: Walker,
        start: int,
        end: int,
        encoding: Encoding,
        charset: text.CharacterSet,
        odd: set[str],
        depth: int = 0,
    ) -> None:
        self.walker, self._start, self._end, self._encoding = walker, start, end, encoding
        self._depth, self.odd = depth, odd
        self._fields: dict[int, Element] | None = None
        self._outer = charset
        self._own: text.CharacterSet | None = None

    @property
    def fields(self) -> dict[int, Element]:
        """Tag -> element; where a tag is repeated, the first one."""
        if self._fields is None:
            found: dict[int, Element] = {}
            walked = self.walker.elements(self._start, self._end, encoding=self._encoding, depth=self._depth)
            for element in walked:
                found.setdefault(element.tag, element)
            self._fields = found
        return self._fields

    @property
    def charset(self) -> text.CharacterSet:
        """The character set that holds here: the item's own, or that of what it lies in."""
        if self._own is None:
            own = self.raw("SpecificCharacterSet")
            self._own = text.character_set(own) if own else self._outer
        return self._own

    def element(self, keyword: str) -> Element | None:
        """The element behind a keyword, or None where it is absent."""
        return self.fields.get(tag_of(keyword))

    def has(self, keyword: str) -> bool:
        """Whether the attribute is present with a value."""
        element = self.element(keyword)
        return element is not None and element.end > element.start

    def raw(self, keyword: str) -> bytes:
        """The encoded bytes of a value; empty where it is absent."""
        element = self.element(keyword)
        return b"" if element is None else bytes(self.walker.data[element.start : element.end])

    def text(self, keyword: str) -> str:
        """The value as text without padding; "" where it is absent. Several values keep their backslash."""
        value, _ = text.decode(self.raw(keyword), self.charset)
        return value

    def texts(self, keyword: str) -> tuple[str, ...]:
        """Each of several values as text; none where it is absent."""
        value = self.text(keyword)
        return tuple(part.strip(" \0") for part in value.split("\\")) if value else ()

    def uid(self, keyword: str) -> str:
        """A UID without its padding."""
        return self.raw(keyword).decode("ascii", "replace").strip(" \0\t\r\n")

    def numbers(self, keyword: str) -> tuple[float, ...] | None:
        """All values as finite numbers, or None where there are none or one is unreadable."""
        element = self.element(keyword)
        if element is None or element.end == element.start:
            return None
        vr = element.vr if element.vr not in (b"", b"UN") else _dictionary_vr(element.tag)
        try:
            values = self._unpack(element, _FORMATS[vr]) if vr in _FORMATS else self._parse(keyword)
        except (ValueError, OverflowError):
            self.odd.add(keyword)
            return None
        if not values or not all(map(math.isfinite, values)):
            self.odd.add(keyword)
            return None
        return values

    def number(self, keyword: str) -> float | None:
        """The first value as a finite number."""
        values = self.numbers(keyword)
        return values[0] if values else None

    def integer(self, keyword: str) -> int | None:
        """The first value as a whole number; '3.0' counts as 3, '3.5' as unreadable."""
        value = self.number(keyword)
        if value is None or value == int(value):
            return None if value is None else int(value)
        self.odd.add(keyword)
        return None

    def items(self, keyword: str) -> list[Item]:
        """The items of a sequence; none where it is absent or empty.

        Raises a DicomError where the sequence breaks the encoding rules.
        """
        return list(self.each(keyword))

    def each(self, keyword: str) -> Iterator[Item]:
        """The items of a sequence one by one."""
        yield from self.each_of(tag_of(keyword))

    def each_of(self, tag: int) -> Iterator[Item]:
        """The items of the sequence with this tag, one by one; none where it is no sequence."""
        element = self.fields.get(tag)
        if element is None or element.end == element.start or not self._is_sequence(element):
            return
        for start, end in self.walker.items(element, self._depth):
            yield Item(self.walker, start, end, element.inner, self.charset, self.odd, self._depth + 1)

    def values_of(self, tag: int) -> Iterator[str]:
        """Every value behind a tag as text, for whoever compares; "" where it is empty or opaque.

        Numbers are written shortest; of a sequence the number of its items; of a very long value
        only the beginning is read.
        """
        element = self.fields.get(tag)
        if element is None:
            return
        vr = element.vr if element.vr not in (b"", b"UN") else _dictionary_vr(tag)
        if self._is_sequence(element):
            count = sum(1 for _ in self.each_of(tag))
            yield str(count) if count else ""
        elif vr in _FORMATS:
            try:
                yield from (f"{value:.10g}" for value in self._unpack(element, _FORMATS[vr]))
            except ValueError:
                yield ""
        elif vr in _OPAQUE or element.start == element.end:
            yield ""
        else:
            raw = bytes(self.walker.data[element.start : min(element.end, element.start + _LONGEST)])
            value, _ = text.decode(raw, self.charset)
            parts = [value] if vr in _ONE_VALUE else value.split("\\")
            yield from (part.strip(" \0") for part in parts)

    def text_of(self, tag: int) -> str:
        """The value behind a tag as text without padding."""
        return next(self.values_of(tag), "")

    def _is_sequence(self, element: Element) -> bool:
        return element.vr == b"SQ" or (
            element.vr in (b"", b"UN") and (element.undefined or _dictionary_vr(element.tag) == b"SQ")
        )

    def first(self, keyword: str) -> Item | None:
        """The first item of a sequence, or None."""
        return next(self.each(keyword), None)

    def _unpack(self, element: Element, code: str) -> tuple[float, ...]:
        value = self.walker.data[element.start : element.end]
        count = len(value) // struct.calcsize("<" + code)
        order = "<" if self.walker.encoding.little else ">"
        if struct.calcsize(f"{order}{count}{code}") != len(value):
            raise ValueError("length does not fit the value representation")
        return struct.unpack(f"{order}{count}{code}", value)

    def _parse(self, keyword: str) -> tuple[float, ...]:
        value = self.raw(keyword).decode("ascii").strip(" \0")
        if not value:
            return ()
        if "_" in value:
            raise ValueError("not a decimal string")
        return tuple(float(part.strip(" \0")) for part in value.split("\\"))


def read_items(data: bytes | memoryview, transfer_syntax_uid: str) -> Item:
    """Open an encoded data set for reading by keyword.

    Raises a DicomError where it cannot be inflated or its top level cannot be walked.
    """
    plain, encoding = plain_data_set(data, transfer_syntax_uid)
    item = Item(Walker(plain, encoding), 0, len(plain), encoding, text.character_set(b""), set())
    if not item.fields:
        raise DicomError("The data set is empty.")
    return item
