"""Data sets for tests, valid by construction, and what may go wrong with them on the way.

Comes in: elements as tuples. Goes out: their bytes in any of the three encodings; and hypothesis
strategies for such trees, for changes to their bytes and for the sizes of fragments.
"""

from __future__ import annotations

import struct

from hypothesis import strategies as st

CODINGS = ("implicit", "explicit", "big")
SYNTAXES = {
    "implicit": "1.2.840.10008.1.2",
    "explicit": "1.2.840.10008.1.2.1",
    "big": "1.2.840.10008.1.2.2",
}
SOP_CLASS, SOP_INSTANCE = "1.2.840.10008.5.1.4.1.1.481.3", "1.2.3.4.5"
LONG = ("OB", "OW", "UN", "UT", "SQ")
OPEN = 0xFFFFFFFF

Element = tuple[int, int, str, object]
"""Group, number, VR, and bytes, or a list of items (lists of elements) for SQ; None: fragments."""


def uids(sop_class: str = SOP_CLASS, sop_instance: str = SOP_INSTANCE) -> list[Element]:
    """The two elements every data set needs."""
    return [(8, 0x16, "UI", even(sop_class)), (8, 0x18, "UI", even(sop_instance))]


def even(text: str) -> bytes:
    return text.encode("ascii") + bytes(len(text) % 2)


def encode(elements: list[Element], coding: str, *, undefined: bool = False) -> bytes:
    """The bytes of a data set, its sequences and items of undefined length or not."""
    return b"".join(
        encode_element(element, coding, undefined=undefined)
        for element in sorted(elements, key=lambda e: e[:2])
    )


def encode_element(element: Element, coding: str, *, undefined: bool) -> bytes:
    group, number, vr, value = element
    if isinstance(value, bytes):
        return head(group, number, vr, len(value), coding) + value
    if value is None:
        fragments = b"".join(item(bytes(n), coding, undefined=False) for n in (0, 4, 10))
        return head(group, number, vr, OPEN, coding) + fragments + delimiter(0xE0DD, coding)
    inner = "implicit" if vr == "UN" else coding
    items = b"".join(item(encode(i, inner, undefined=undefined), inner, undefined=undefined) for i in value)
    if undefined or vr == "UN":
        return head(group, number, vr, OPEN, coding) + items + delimiter(0xE0DD, inner)
    return head(group, number, vr, len(items), coding) + items


def head(group: int, number: int, vr: str, length: int, coding: str) -> bytes:
    order = ">" if coding == "big" else "<"
    if coding == "implicit":
        return struct.pack("<HHI", group, number, length)
    tag = struct.pack(order + "HH", group, number) + vr.encode()
    return tag + (struct.pack(order + "2xI", length) if vr in LONG else struct.pack(order + "H", length))


def item(data: bytes, coding: str, *, undefined: bool) -> bytes:
    order = ">" if coding == "big" else "<"
    begin = struct.pack(order + "HHI", 0xFFFE, 0xE000, OPEN if undefined else len(data))
    return begin + data + (delimiter(0xE00D, coding) if undefined else b"")


def delimiter(number: int, coding: str) -> bytes:
    return struct.pack((">" if coding == "big" else "<") + "HHI", 0xFFFE, number, 0)


# --- strategies

tags = st.tuples(st.integers(9, 0x7FFF), st.sampled_from([0, 1, 0x10, 0x1001, 0x3006, 0xE000, 0xFFFF]))
values = st.tuples(
    st.sampled_from(["LO", "DS", "OB", "UN", "UT", "US"]), st.binary(max_size=40) | st.just(b"\xfe\xff")
)
fragments = st.tuples(st.just("OB"), st.none())


def _nested(inner: st.SearchStrategy[list[Element]]) -> st.SearchStrategy[list[Element]]:
    sequences = st.tuples(st.sampled_from(["SQ", "UN"]), st.lists(inner, max_size=3))
    return _elements(values | sequences)


def _elements(contents: st.SearchStrategy[tuple[str, object]]) -> st.SearchStrategy[list[Element]]:
    found = st.dictionaries(tags, contents, max_size=5)
    return found.map(lambda chosen: [(*tag, *content) for tag, content in chosen.items()])


trees = st.recursive(_elements(values), _nested, max_leaves=12)
data_sets = st.tuples(trees, st.booleans()).map(
    lambda made: uids() + made[0] + ([(0x7FE0, 0x10, "OB", None)] if made[1] else [])
)


@st.composite
def damages(draw: st.DrawFn, data: bytes) -> bytes:
    """A few bytes changed, put in or left out; or an end too early or too late."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        some = draw(st.binary(min_size=1, max_size=4) | st.sampled_from([b"\xff" * 4, b"\xfe\xff\x00\xe0"]))
        kind = draw(st.sampled_from(["change", "insert", "remove", "cut", "repeat"]))
        if kind == "change":
            data = data[:at] + some + data[at + len(some) :]
        elif kind == "insert":
            data = data[:at] + some + data[at:]
        elif kind == "remove":
            data = data[:at] + data[at + len(some) :]
        elif kind == "cut":
            data = data[:at]
        else:
            data = data + data[at:]
    return data


def pieces(data: bytes, sizes: list[int]) -> list[memoryview]:
    """`data` in fragments of these sizes, again and again."""
    found, at, turn = [], 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        found.append(memoryview(data)[at : at + size])
        at, turn = at + size, turn + 1
    return found
