"""An object is read once, element by element, and each is decided about.

Comes in: the bytes of a data set, its encoding and the scope. Goes out: the parts of the outermost
level by tag. What is not named by a rule and not in the IOD, every private attribute and every
repeating group (overlays, curves) is left out; sequences are gone through to the last level, also
where they come as UN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planbank.deidentify import encode
from planbank.deidentify.element import KEEP, Answer, Found, name_of
from planbank.deidentify.level import Level, dictionary_vr
from planbank.deidentify.operators import one_of, operate
from planbank.deidentify.operators.clean import NUMBERED
from planbank.deidentify.parts import Parts, Slot
from planbank.deidentify.private import safe_block
from planbank.deidentify.rules import action
from planbank.dicom import text
from planbank.dicom.elements import PIXEL_DATA, TRAILING_PADDING
from planbank.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planbank.deidentify.element import Scope
    from planbank.dicom.elements import Element, Walker

_GONE_THROUGH = ("", "K", "C", "U")
_SEEN_AS_ONE = ({b"OB", b"OW"}, {b"US", b"SS", b"OW"})
_SWAPPED = frozenset(
    (b"US", b"SS", b"UL", b"SL", b"FL", b"FD", b"AT", b"OW", b"OF", b"OD", b"OL", b"UV", b"SV")
)


class Reader:
    """Goes through one object.

    Args:
        walker: over the data set.
        scope: what holds for the object.
        passed: tags of the outermost level that are dealt with elsewhere.
    """

    def __init__(self, walker: Walker, scope: Scope, passed: frozenset[int]) -> None:
        self.walker, self.scope, self._passed = walker, scope, passed
        self._source = memoryview(walker.data)

    def read(self) -> dict[int, Parts]:
        """The parts of the outermost level by tag. Raises Refused or a DicomError."""
        whole = (0, len(self.walker.data))
        level = Level.read(self.walker, whole, self.walker.encoding, 0, text.character_set(b""), 0)
        found: dict[int, Parts] = {}
        for start, element in level.placed:
            if element.tag in self._passed:
                continue
            parts = Parts(self._source)
            self._element(parts, start, element, level)
            if parts.done():
                found[element.tag] = parts
        if "safe_private" in self.scope.profile.columns:
            found.update(safe_block(level.placed, self.walker, self.scope))
        return found

    def _element(self, parts: Parts, start: int, element: Element, level: Level) -> None:
        """Decide about one element and add what stays of it."""
        tag = element.tag
        if not _is_standard(tag):
            if tag & 0xFFFF and tag != TRAILING_PADDING:
                self.scope.notes["private or unknown, removed", ""] += 1
            return parts.leave_out()
        kind = self.scope.iod.type_of(level.inside, tag)
        code = action(tag, self.scope.profile)
        if dictionary_vr(tag) == b"SQ":
            return self._sequence(parts, start, element, level, kind, code)
        if not kind and not code and tag not in self.scope.iod.tags:
            return self._leave_out(parts, "not in the IOD, removed", tag)
        if tag in PIXEL_DATA or element.undefined:
            return self._leave_out(parts, "not where it belongs, removed", tag)
        found = self._found(element, level, kind or ("" if code else "3"))
        answer = level.coded(element) if level.is_code_field(tag) else operate(found, code)
        return self._add(parts, start, element, level, found, answer)

    def _found(self, element: Element, level: Level, kind: str) -> Found:
        tag = element.tag
        number = level.text_of(NUMBERED[tag][1]) if tag in NUMBERED else ""
        return Found(tag, dictionary_vr(tag), level.value(element), kind, level.charset, self.scope, number)

    def _leave_out(self, parts: Parts, did: str, tag: int) -> None:
        self.scope.did(did, tag)
        parts.leave_out()

    def _add(
        self, parts: Parts, start: int, element: Element, level: Level, found: Found, answer: Answer
    ) -> None:
        """Write an answer in the encoding of the copy, which is that of the source."""
        out, vr = self.walker.encoding, _written_vr(found.vr, element.vr)
        if answer is None:
            parts.leave_out()
        elif answer is KEEP:
            even = (element.end - element.start) % 2 == 0
            if even and level.encoding == out and element.vr in (b"", vr):
                return parts.keep(start, element.after)
            if not out.little and level.encoding.little and vr in _SWAPPED:
                raise Refused("Numbers in the other byte order lie inside a value of unknown representation.")
            parts.add(encode.element(found.tag, vr, found.value, out))
        elif isinstance(answer, bytes):
            parts.add(encode.element(found.tag, vr, answer, out))
        else:
            assert callable(answer)
            parts.slot(Slot(found.tag, vr, out, answer))
        return None

    def _sequence(
        self, parts: Parts, start: int, element: Element, level: Level, kind: str, code: str
    ) -> None:
        """A sequence: left out, emptied, or gone through."""
        tag = element.tag
        if code not in _GONE_THROUGH:
            return self._without_items(parts, tag, one_of(code, kind))
        if element.vr not in (b"", b"SQ", b"UN"):
            raise Refused(f"{name_of(tag)} is a sequence and does not come as one.")
        items = list(self._items(element, level))
        left = [item for item in items if item is not None]
        known = bool(kind) or tag in self.scope.iod.tags
        if not known and not any(item.holds_uids for item in left):
            return self._leave_out(parts, "not in the IOD, removed", tag)
        as_it_came = level.encoding == self.walker.encoding and element.vr in (b"", b"SQ")
        if as_it_came and not any(item is None or item.changed for item in items):
            return parts.keep(start, element.after)
        if items and not left:
            return self._without_items(parts, tag, {"1": "D", "2": "Z"}.get(kind[:1], "X"))
        return self._write(parts, tag, left)

    def _write(self, parts: Parts, tag: int, items: list[Parts]) -> None:
        out = self.walker.encoding
        parts.add(encode.sequence_start(tag, out))
        for item in items:
            parts.add(encode.item_start(out))
            parts.extend(item)
            parts.add(encode.item_end(out))
        parts.add(encode.sequence_end(out))

    def _without_items(self, parts: Parts, tag: int, letter: str) -> None:
        """X: left out. Z: empty. D: there is no dummy of a sequence that would mean nothing."""
        if letter == "D":
            raise Refused(f"{name_of(tag)} must be there and cannot be made safe.")
        if letter == "X":
            return self._leave_out(parts, "removed", tag)
        self.scope.did("emptied", tag)
        return parts.add(encode.element(tag, b"SQ", b"", self.walker.encoding))

    def _items(self, element: Element, outer: Level) -> Iterator[Parts | None]:
        """The parts of each item; None for one that holds a code of somebody's own."""
        for place in self.walker.items(element, outer.depth):
            level = Level.read(self.walker, place, element.inner, element.tag, outer.charset, outer.depth + 1)
            if level.is_code and level.meaning is None:
                self.scope.did("code that is not published, removed", element.tag)
                yield None
                continue
            parts = Parts(self._source)
            for start, inner in level.placed:
                self._element(parts, start, inner, level)
            yield parts


def _is_standard(tag: int) -> bool:
    """Of the dictionary, not private, and neither an overlay nor a curve."""
    group = tag >> 16
    repeating = group & 0xFF01 in (0x5000, 0x6000)
    return not (group & 1 or group < 0x0008 or repeating) and dictionary_vr(tag) != b""


def _written_vr(known: bytes, came: bytes) -> bytes:
    """The VR to write: that which came, where the dictionary leaves a choice."""
    return came if any({came, known} <= group for group in _SEEN_AS_ONE) else known
