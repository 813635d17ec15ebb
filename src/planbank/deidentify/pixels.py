"""Pixels: kept byte for byte, where nothing but pixels can be in them.

Comes in: an object's header and its pixel element. Goes out: the parts to write, or a refusal:
for images that may show a name (PS3.3, section C.7.6.1.1.5) until a person agreed, and where more
bytes lie than the image has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planbank.deidentify import encode
from planbank.deidentify.jpeg import without_comments
from planbank.deidentify.parts import Parts
from planbank.deidentify.values import is_term
from planbank.dicom.elements import PIXEL_DATA
from planbank.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Collection

    from planbank.dicom.elements import Element
    from planbank.dicom.items import Item

_NEVER_BURNED = frozenset(
    (
        *("ct-image", "mr-image", "positron-emission-tomography-image", "rt-dose", "segmentation"),
        *("enhanced-ct-image", "enhanced-mr-image", "enhanced-pet-image"),
        *(f"legacy-converted-enhanced-{kind}-image" for kind in ("ct", "mr", "pet")),
    )
)
_SCREENS = ("SCREEN SAVE", "SCREENSHOT", "SCREEN", "DOSE_INFO", "REPORT", "PROTOCOL", "SNAPSHOT")
_JPEG = frozenset(
    f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70, 80, 81, 90, 91, 92, 93, 201, 202, 203)
)
_RLE = "1.2.840.10008.1.2.5"


def check_burned_in(item: Item, iod: str, accepted: Collection[str]) -> None:
    """Refuse an image in which a name may be drawn, unless its modality was accepted."""
    if not any(tag in item.fields for tag in PIXEL_DATA):
        return
    reason = _doubt(item, iod)
    modality = item.text("Modality").upper()
    if reason and modality not in accepted:
        known = is_term(modality.encode("utf-8")) and modality
        todo = f"Look at it, then say --accept-burned-in {modality}." if known else "It names no modality."
        raise Refused(f"{reason} A name may be drawn in its pixels. {todo}")


def _doubt(item: Item, iod: str) -> str:
    """Why an image may show text; empty where it does not."""
    if item.text("BurnedInAnnotation").upper() == "YES":
        return "It says that text is burned in."
    if _has_embedded_overlay(item):
        return "An overlay lies in the unused bits of its pixels."
    if iod not in _NEVER_BURNED:
        return "Images of this kind often show text."
    words = " ".join(item.texts("ImageType")).upper()
    if item.has("ConversionType") or any(word in words for word in _SCREENS):
        return "It is a picture of a screen or of paper."
    if item.text("PhotometricInterpretation") not in ("MONOCHROME1", "MONOCHROME2"):
        return "It is a picture in colour."
    return ""


def _has_embedded_overlay(item: Item) -> bool:
    """Overlays in bits of the pixels (retired; PS3.3 of 2004, section C.9.2)."""
    groups = {tag >> 16 for tag in item.fields if tag >> 16 & 0xFF01 == 0x6000}
    return any(group << 16 | 0x3000 not in item.fields for group in groups)


def pixel_parts(item: Item, syntax: str) -> dict[int, Parts]:
    """The pixel element as it is. Raises Refused where something else than pixels may lie in it."""
    walker, found = item.walker, {}
    for start, element in _pixel_elements(item):
        if element.vr not in (b"", b"OB", b"OW", b"OF", b"OD"):
            raise Refused("Its pixels come with a representation that pixels do not have.")
        parts = Parts(memoryview(walker.data))
        if element.undefined:
            _compressed(parts, item, start, element, syntax)
        else:
            _check_length(item, element)
            if (element.end - element.start) % 2:
                value = bytes(walker.data[element.start : element.end])
                parts.add(encode.element(element.tag, element.vr or b"OW", value, walker.encoding))
            else:
                parts.keep(start, element.after)
        found[element.tag] = parts
    return found


def _pixel_elements(item: Item) -> list[tuple[int, Element]]:
    placed, position = [], 0
    for element in item.walker.elements():
        if element.tag in PIXEL_DATA:
            placed.append((position, element))
        position = element.after
    return placed


def _check_length(item: Item, element: Element) -> None:
    """Rows x columns x samples x frames x bits against the bytes that are there."""
    rows, columns, bits = (item.integer(name) for name in ("Rows", "Columns", "BitsAllocated"))
    if rows is None or columns is None or bits is None:
        raise Refused("It has pixels and does not say how many.")
    samples = item.integer("SamplesPerPixel") or 1
    frames = item.integer("NumberOfFrames") or 1
    size = rows * columns * samples * frames * bits
    if item.text("PhotometricInterpretation") == "YBR_FULL_422":
        size = size * 2 // 3
    surplus = element.start + (size + 7) // 8
    if any(item.walker.data[surplus : element.end]):
        raise Refused("More bytes lie in its pixels than the image has; what they are cannot be told.")


def _compressed(parts: Parts, item: Item, start: int, element: Element, syntax: str) -> None:
    """Fragments as they are (PS3.5, annex A.4), comments in JPEG streams blanked."""
    if syntax not in _JPEG and syntax != _RLE:
        raise Refused("Its pixels are compressed in a way that is not looked into here.")
    source = memoryview(item.walker.data)
    position = start
    for begin, end in item.walker.items(element):
        fragment = bytes(source[begin:end])
        blanked = without_comments(fragment) if syntax in _JPEG else fragment
        if blanked is not fragment:
            parts.keep(position, begin)
            parts.add(blanked)
            position = end
    parts.keep(position, element.after)
