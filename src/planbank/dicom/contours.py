"""Contours straight from the bytes of a structure set, without a DICOM object per number.

Comes in: an encoded structure set. Goes out: points per contour as float64 arrays in patient
coordinates (mm), or only their counts. Contour Data is read by a compiled scan of its decimal
strings. Source: DICOM PS3.3 section C.8.8.6, PS3.5 section 6.2 (DS).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

from planbank.dicom.elements import Element, Walker
from planbank.errors import DicomError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ROI_CONTOUR_SEQUENCE = 0x30060039
CONTOUR_SEQUENCE = 0x30060040
CONTOUR_DATA = 0x30060050
GEOMETRIC_TYPE = 0x30060042
CONTOUR_IMAGES = 0x30060016
DISPLAY_COLOUR = 0x3006002A
REFERENCED_ROI = 0x30060084
REFERENCED_SOP = 0x00081155

FARTHEST = 1e5
"""mm from the origin; no patient reaches further."""

CLOSED_TYPES = frozenset(("CLOSED_PLANAR", "CLOSEDPLANAR_XOR"))


FLAT = 0.01  # mm: rounding of decimal strings


@dataclass(frozen=True, slots=True)
class Contours:
    """All contours of one ROI, as one array cut by offsets.

    Attributes:
        points: (n, 3) float64, patient coordinates in mm.
        offsets: (m + 1,) int64; contour i is points[offsets[i]:offsets[i + 1]].
        types: Contour Geometric Type of each, '' where absent.
        image_uids: SOP Instance UID of the image each was drawn on, '' where absent.
        unreadable: number of contours left out because their points could not be read.
    """

    points: NDArray[np.float64]
    offsets: NDArray[np.int64]
    types: tuple[str, ...]
    image_uids: tuple[str, ...]
    unreadable: int = 0

    def __len__(self) -> int:
        return len(self.types)

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        for i in range(len(self)):
            yield self.points[self.offsets[i] : self.offsets[i + 1]]


@dataclass(frozen=True, slots=True)
class ContourCount:
    """How much one ROI holds, counted without reading a number."""

    contours: int
    points: int
    types: tuple[str, ...]


class RoiContourItem:
    """One item of ROI Contour Sequence: what is in it, read on demand.

    Attributes:
        number: Referenced ROI Number, None where absent or unreadable.
        colour: (r, g, b) 0-255, or None.
    """

    __slots__ = ("_contours", "_walker", "colour", "number")

    def __init__(self, walker: Walker, start: int, end: int, element: Element) -> None:
        self._walker = walker
        self._contours: Element | None = None
        self.number: int | None = None
        self.colour: tuple[int, int, int] | None = None
        for inner in walker.elements(start, end, encoding=element.inner, depth=1):
            if inner.tag == CONTOUR_SEQUENCE:
                self._contours = inner
            elif inner.tag == REFERENCED_ROI:
                self.number = _integer(walker, inner)
            elif inner.tag == DISPLAY_COLOUR:
                self.colour = _colour(walker, inner)

    def count(self) -> ContourCount:
        """Contours, points and geometric types; nothing is decoded."""
        contours = points = 0
        types: dict[str, None] = {}
        for data, kind, _ in self._each(images=False):
            contours += 1
            types[kind] = None
            if data is not None and data.end > data.start:
                value = bytes(self._walker.data[data.start : data.end])
                points += (value.count(b"\\") + 1) // 3 if value.strip(b" \0") else 0
        return ContourCount(contours, points, tuple(kind for kind in types if kind))

    def read(self) -> Contours:
        """Every contour's points; those that are not whole triples of numbers are left out and counted."""
        arrays: list[NDArray[np.float64]] = []
        kinds: list[str] = []
        images: list[str] = []
        unreadable = 0
        for data, kind, image in self._each(images=True):
            if data is None or data.end == data.start:
                continue
            values = decimal_strings(self._walker.data[data.start : data.end])
            if values is None or len(values) % 3 or not (np.abs(values) <= FARTHEST).all():
                unreadable += 1
                continue
            if len(values):
                arrays.append(values.reshape(-1, 3))
                kinds.append(kind)
                images.append(image)
        offsets = np.zeros(len(arrays) + 1, np.int64)
        np.cumsum([len(array) for array in arrays], out=offsets[1:])
        points = np.concatenate(arrays) if arrays else np.empty((0, 3))
        return Contours(points, offsets, tuple(kinds), tuple(images), unreadable)

    def image_uids(self) -> Iterator[str]:
        """SOP Instance UIDs of the images the contours were drawn on."""
        return (image for _, _, image in self._each(images=True) if image)

    def planes(self) -> Iterator[tuple[str, float, str]]:
        """(axis, mm, image) of each closed contour that lies across a patient axis.

        Only the first three points and the last are read; `image` is the SOP Instance UID it was
        drawn on, or "".
        """
        for data, kind, image in self._each(images=True):
            if data is None or kind != "CLOSED_PLANAR":
                continue
            parts = bytes(self._walker.data[data.start : data.end]).split(b"\\", 9)
            tail = bytes(self._walker.data[max(data.start, data.end - 60) : data.end]).split(b"\\")[-3:]
            values = decimal_strings(b"\\".join([*parts[:9], *tail]))
            if values is None or len(values) != 12:
                continue
            points = values.reshape(4, 3)
            flat = np.flatnonzero(np.ptp(points, axis=0) <= FLAT)
            if len(flat) == 1:
                yield "xyz"[flat[0]], float(points[0, flat[0]]), image

    def _each(self, *, images: bool) -> Iterator[tuple[Element | None, str, str]]:
        if self._contours is None:
            return
        walker, inner = self._walker, self._contours.inner
        for start, end in walker.items(self._contours, 1):
            data, kind, image = None, "", ""
            for element in walker.elements(start, end, encoding=inner, depth=2):
                if element.tag == CONTOUR_DATA:
                    data = element
                elif element.tag == GEOMETRIC_TYPE:
                    kind = _text(walker, element).upper()
                elif element.tag == CONTOUR_IMAGES and images:
                    image = _first_uid(walker, element)
            yield data, kind, image


def roi_contour_items(walker: Walker, element: Element | None) -> Iterator[RoiContourItem]:
    """The items of ROI Contour Sequence."""
    if element is None:
        return
    for start, end in walker.items(element):
        yield RoiContourItem(walker, start, end, element)


def decimal_strings(value: bytes | memoryview) -> NDArray[np.float64] | None:
    """The numbers of a DS value, or None where one is not a number.

    The compiled scan is exact for the 16 characters that DS allows; longer or unusual
    numbers are left to Python.
    """
    raw = np.frombuffer(value, np.uint8)
    out = np.empty(len(raw) // 2 + 1, np.float64)
    count = _scan_plain(raw, out)
    if count < 0:
        count = _scan_decimals(raw, out)
    if count >= 0:
        return out[:count].copy()
    try:
        text = bytes(value).decode("ascii").strip(" \0")
        return np.array([float(part.strip(" \0")) for part in text.split("\\")] if text else [], np.float64)
    except ValueError:
        return None


_POWERS = np.array([10.0**n for n in range(23)])


@numba.njit(cache=True, nogil=True)
def _scan_plain(raw: NDArray[np.uint8], out: NDArray[np.float64]) -> int:
    """The common case in one pass: signs, digits and points only. -1 where there is anything else."""
    count, mantissa, digits, places = 0, 0, 0, 0
    negative = point = False
    size = len(raw)
    if size > 0 and (raw[size - 1] == 32 or raw[size - 1] == 0):
        size -= 1
    for i in range(size + 1):
        c = raw[i] if i < size else 92
        if 48 <= c <= 57:
            mantissa = mantissa * 10 + (c - 48)
            digits += 1
            places += point
        elif c == 46 and not point:
            point = True
        elif c == 45 and digits == 0 and not point and not negative:
            negative = True
        elif c == 92 and 0 < digits <= 15:
            value = mantissa / _POWERS[places]
            out[count] = -value if negative else value
            count += 1
            mantissa, digits, places = 0, 0, 0
            negative = point = False
        else:
            return -1
    return count


@numba.njit(cache=True, nogil=True)
def _scan_decimals(raw: NDArray[np.uint8], out: NDArray[np.float64]) -> int:
    """Numbers between backslashes; -1 where Python must look closer."""
    count, size, i = 0, len(raw), 0
    while size > 0 and (raw[size - 1] == 32 or raw[size - 1] == 0):
        size -= 1
    while i < size:
        while i < size and raw[i] == 32:
            i += 1
        value, i = _scan_decimal(raw, i, size)
        if i < 0:
            return -1
        while i < size and raw[i] == 32:
            i += 1
        if i < size and raw[i] != 92:
            return -1
        out[count] = value
        count += 1
        if i == size - 1:  # a number is missing after the last backslash
            return -1
        i += 1
    return count


@numba.njit(cache=True, nogil=True)
def _scan_decimal(raw: NDArray[np.uint8], i: int, size: int) -> tuple[float, int]:
    """One number and where it ends, or (0, -1).

    A mantissa below 2**53 times or over a power of ten up to 10**22 is correctly rounded;
    everything else is refused.
    """
    negative = i < size and raw[i] == 45
    if negative or (i < size and raw[i] == 43):
        i += 1
    first = i
    mantissa, i = _scan_digits(raw, i, size, 0)
    digits, scale = i - first, 0
    if i < size and raw[i] == 46:
        point = i
        mantissa, i = _scan_digits(raw, i + 1, size, mantissa)
        scale = point + 1 - i
        digits += i - point - 1
    if digits == 0 or digits > 18:
        return 0.0, -1
    if i < size and (raw[i] == 69 or raw[i] == 101):
        minus = i + 1 < size and raw[i + 1] == 45
        first = i + 2 if minus or (i + 1 < size and raw[i + 1] == 43) else i + 1
        power, i = _scan_digits(raw, first, size, 0)
        if i == first or i - first > 4:
            return 0.0, -1
        scale += -power if minus else power
    if mantissa >= 9007199254740992 or scale > 22 or scale < -22:
        return 0.0, -1
    value = mantissa / _POWERS[-scale] if scale < 0 else mantissa * _POWERS[scale]
    return (-value if negative else value), i


@numba.njit(cache=True, nogil=True)
def _scan_digits(raw: NDArray[np.uint8], i: int, size: int, number: int) -> tuple[int, int]:
    """Digits appended to a whole number, and where they end."""
    while i < size and 48 <= raw[i] <= 57:
        number = number * 10 + (raw[i] - 48)
        i += 1
    return number, i


def _text(walker: Walker, element: Element) -> str:
    return bytes(walker.data[element.start : element.end]).decode("ascii", "replace").strip(" \0")


def _integer(walker: Walker, element: Element) -> int | None:
    try:
        return int(_text(walker, element))
    except ValueError:
        return None


def _colour(walker: Walker, element: Element) -> tuple[int, int, int] | None:
    try:
        red, green, blue = (int(float(part)) for part in _text(walker, element).split("\\"))
    except (ValueError, OverflowError):
        return None
    if not all(0 <= part <= 255 for part in (red, green, blue)):
        return None
    return red, green, blue


def _first_uid(walker: Walker, element: Element) -> str:
    """The image of a contour; where several are named, the first."""
    try:
        for start, end in walker.items(element, 3):
            for inner in walker.elements(start, end, encoding=element.inner, depth=4):
                if inner.tag == REFERENCED_SOP:
                    return _text(walker, inner)
    except DicomError:
        return ""
    return ""
