"""Whether two encodings hold the same elements: a re-export, or a new version?

Comes in: two encoded data sets and their transfer syntaxes. Goes out: equal or not after
decoding (other syntax, group lengths, padding, character set and Instance Creation Date and
Time do not count), and which top-level attributes differ, in words.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from pydicom.datadict import dictionary_VR, keyword_for_tag

from planbank.dicom import text
from planbank.dicom.elements import PIXEL_DATA, TRAILING_PADDING, Element, Walker
from planbank.dicom.encoding import encoding_of, plain_data_set

if TYPE_CHECKING:
    from collections.abc import Iterator

CHARACTER_SET = 0x00080005
_CREATED = frozenset({0x00080012, 0x00080013})
_TEXT_VRS = frozenset((b"LO", b"LT", b"PN", b"SH", b"ST", b"UC", b"UT"))
_STRING_VRS = _TEXT_VRS | frozenset((b"AE", b"AS", b"CS", b"DA", b"DS", b"DT", b"IS", b"TM", b"UI", b"UR"))
_WORDS = {
    **dict.fromkeys((b"AT", b"OW", b"SS", b"US"), 2),
    **dict.fromkeys((b"FL", b"OF", b"OL", b"SL", b"UL"), 4),
    **dict.fromkeys((b"FD", b"OD", b"OV", b"SV", b"UV"), 8),
}


class _Side:
    """One of the two data sets."""

    def __init__(self, data: bytes | memoryview, syntax: str) -> None:
        self.data, self.encoding = plain_data_set(data, syntax)
        self.walker = Walker(self.data, self.encoding)
        self.charset = text.character_set(b"")

    def elements(
        self, start: int = 0, end: int | None = None, inner: Element | None = None
    ) -> Iterator[Element]:
        """The elements that count; an item's own character set holds until its end."""
        encoding = inner.inner if inner else self.encoding
        outer = self.charset
        for element in self.walker.elements(start, end, encoding=encoding):
            if element.tag == CHARACTER_SET:
                self.charset = text.character_set(self.raw(element))
            elif element.tag & 0xFFFF == 0 or element.tag == TRAILING_PADDING:
                continue
            elif inner is not None or element.tag not in _CREATED:
                yield element
        self.charset = outer

    def raw(self, element: Element) -> bytes:
        return bytes(self.data[element.start : element.end])


def same_elements(
    bytes_a: bytes | memoryview, syntax_a: str, bytes_b: bytes | memoryview, syntax_b: str
) -> bool:
    """Whether two data sets are equal after decoding (a re-export of one object).

    Compressed pixels count as equal only when both syntaxes are the same and the encoded
    bytes are; otherwise the answer is False. Raises a DicomError where either cannot be walked.
    """
    if syntax_a == syntax_b and bytes_a == bytes_b:
        return True
    first, second = _Side(bytes_a, syntax_a), _Side(bytes_b, syntax_b)
    return _same_run(first, first.elements(), second, second.elements(), pixels=_pixels(syntax_a, syntax_b))


def differences(
    bytes_a: bytes | memoryview, syntax_a: str, bytes_b: bytes | memoryview, syntax_b: str
) -> list[str]:
    """Top-level attributes that differ, in words: 'added: X', 'removed: Y', 'changed: Z'.

    Names only, no values. Raises a DicomError where either data set cannot be walked.
    """
    first, second = _Side(bytes_a, syntax_a), _Side(bytes_b, syntax_b)
    ours = {element.tag: element for element in first.elements()}
    theirs = {element.tag: element for element in second.elements()}
    pixels = _pixels(syntax_a, syntax_b)
    said = []
    for tag in sorted(ours.keys() | theirs.keys()):
        name = keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
        if tag not in ours:
            said.append(f"added: {name}")
        elif tag not in theirs:
            said.append(f"removed: {name}")
        elif not _same(first, ours[tag], second, theirs[tag], pixels=pixels):
            said.append(f"changed: {name}")
    return said


def _pixels(syntax_a: str, syntax_b: str) -> bool:
    """Whether encoded pixels may be compared at all."""
    if syntax_a == syntax_b:
        return True
    return not (encoding_of(syntax_a).encapsulated or encoding_of(syntax_b).encapsulated)


def _same_run(
    first: _Side, ours: Iterator[Element], second: _Side, theirs: Iterator[Element], *, pixels: bool
) -> bool:
    return all(
        a is not None and b is not None and _same(first, a, second, b, pixels=pixels)
        for a, b in zip_longest(ours, theirs)
    )


def _same(first: _Side, a: Element, second: _Side, b: Element, *, pixels: bool) -> bool:
    if a.tag != b.tag:
        return False
    if a.tag in PIXEL_DATA and not pixels:
        return False
    vr = _vr(a, b)
    if vr == b"SQ" or a.undefined or b.undefined:
        if a.tag in PIXEL_DATA:
            return first.raw(a) == second.raw(b)
        return _same_items(first, a, second, b, pixels=pixels)
    raw_a, raw_b = first.raw(a), second.raw(b)
    if vr in _WORDS:
        return _little(raw_a, vr, first) == _little(raw_b, vr, second)
    if raw_a == raw_b and first.charset == second.charset:
        return True
    if vr in _STRING_VRS:
        return _strings(raw_a, vr, first) == _strings(raw_b, vr, second)
    return raw_a == raw_b or raw_a.rstrip(b"\0") == raw_b.rstrip(b"\0")


def _same_items(first: _Side, a: Element, second: _Side, b: Element, *, pixels: bool) -> bool:
    for ours, theirs in zip_longest(first.walker.items(a), second.walker.items(b)):
        if ours is None or theirs is None:
            return False
        run_a = first.elements(ours[0], ours[1], inner=a)
        run_b = second.elements(theirs[0], theirs[1], inner=b)
        if not _same_run(first, run_a, second, run_b, pixels=pixels):
            return False
    return True


def _vr(a: Element, b: Element) -> bytes:
    """What either side says the value is; the dictionary where both are implicit or unknown."""
    for vr in (a.vr, b.vr):
        if vr and vr != b"UN":
            return vr
    try:
        return dictionary_VR(a.tag)[:2].encode()
    except KeyError:
        return b"UN"


def _little(raw: bytes, vr: bytes, side: _Side) -> bytes:
    size = 2 if vr == b"AT" else _WORDS[vr]
    if side.encoding.little or len(raw) % size:
        return raw
    swapped = bytearray(len(raw))
    for offset in range(size):
        swapped[offset::size] = raw[size - 1 - offset :: size]
    return bytes(swapped)


def _strings(raw: bytes, vr: bytes, side: _Side) -> list[str] | list[float]:
    if vr in _TEXT_VRS:
        parts, _ = text.decode(raw, side.charset)
    else:
        parts = raw.decode("latin-1").strip(" \0")
    values = [part.strip(" \0") for part in parts.split("\\")] if vr not in (b"LT", b"ST", b"UT") else [parts]
    if vr in (b"DS", b"IS"):
        try:
            return [float(value) for value in values]
        except ValueError:
            return values
    return values
