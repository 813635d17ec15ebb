"""The values of one object that conditions ask for, each looked up once.

Comes in: an encoded data set. Goes out: all values at a path, as text; in sequences those of
every item.
"""

from __future__ import annotations

from collections.abc import Iterator

from planbank.dicom.conditions.paths import Step, TagPath
from planbank.dicom.items import Item, read_items

MAX_VALUES = 10_000  # per path: an RTSTRUCT has one ROIName per ROI, contour points are nobody's condition


class ObjectValues:
    """One object, read as conditions need it. Raises a DicomError where its top level cannot be walked."""

    def __init__(self, data: bytes | memoryview, transfer_syntax_uid: str) -> None:
        self._root = read_items(data, transfer_syntax_uid)
        self._found: dict[tuple[Step, ...], tuple[str, ...] | None] = {}

    def at(self, path: TagPath) -> tuple[str, ...] | None:
        """Every value at a path without padding; None where the attribute is nowhere present.

        An attribute that is present and empty has the value "".
        """
        if path.steps not in self._found:
            found = [value for _, value in zip(range(MAX_VALUES), self._walk(path.steps), strict=False)]
            self._found[path.steps] = tuple(found) or None
        return self._found[path.steps]

    def _walk(self, steps: tuple[Step, ...]) -> Iterator[str]:
        items = [self._root]
        for step in steps[:-1]:
            items = [inner for item in items if (tag := _tag(item, step)) for inner in item.each_of(tag)]
        for item in items:
            tag = _tag(item, steps[-1])
            if tag is not None and tag in item.fields:
                yield from item.values_of(tag)


def _tag(item: Item, step: Step) -> int | None:
    """The tag of a step in this item: for a private one, the block that its creator reserved here."""
    if not step.creator:
        return step.tag
    group, low = step.tag >> 16, step.tag & 0xFF
    for block in range(0x10, 0x100):
        reserved = group << 16 | block
        if reserved in item.fields and item.text_of(reserved).casefold() == step.creator.casefold():
            return group << 16 | block << 8 | low
    return None
