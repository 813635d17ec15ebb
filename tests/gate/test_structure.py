"""The streaming walk against a slow one, and each of its rules by itself."""

from __future__ import annotations

import struct
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from planbank.dicom.elements import Walker
from planbank.dicom.encoding import encoding_of
from planbank.errors import ObjectRefused
from planbank.gate.coding import coding_of
from planbank.gate.structure import MAX_DEPTH, Structure
from tests.gate.data_sets import (
    CODINGS,
    OPEN,
    SOP_CLASS,
    SOP_INSTANCE,
    SYNTAXES,
    Element,
    damages,
    data_sets,
    delimiter,
    encode,
    head,
    item,
    pieces,
    uids,
)
from tests.gate.slow_walk import MALFORMED, MISMATCH, judge

EXPECTED = ((0x00080016, "SOP Class UID", SOP_CLASS), (0x00080018, "SOP Instance UID", SOP_INSTANCE))


def walk(data: bytes, coding: str, sizes: list[int] | None = None) -> int:
    """The status a data set gets when it is fed in such pieces; 0 where it is accepted."""
    structure = Structure(coding_of(SYNTAXES[coding]), EXPECTED)
    try:
        for piece in pieces(data, sizes or [1 << 20]):
            structure.feed(piece)
        structure.end()
    except ObjectRefused as refused:
        return refused.status
    return 0


sizes = st.lists(st.integers(1, 60), min_size=1, max_size=5)
codings = st.sampled_from(CODINGS)


@settings(max_examples=150)
@given(data_sets, codings, st.booleans(), sizes)
def test_what_is_valid_passes_in_pieces_of_any_size(
    elements: list[Element], coding: str, undefined: bool, sizes: list[int]
) -> None:
    data = encode(elements, coding, undefined=undefined)
    assert walk(data, coding) == 0
    assert walk(data, coding, sizes) == 0
    assert judge(data, coding, SOP_CLASS, SOP_INSTANCE) == 0


@settings(max_examples=400)
@given(st.data(), data_sets, codings, st.booleans(), sizes)
def test_what_is_damaged_gets_the_answer_of_the_slow_walk(
    draw: st.DataObject, elements: list[Element], coding: str, undefined: bool, sizes: list[int]
) -> None:
    damaged = draw.draw(damages(encode(elements, coding, undefined=undefined)))
    expected = judge(damaged, coding, SOP_CLASS, SOP_INSTANCE)
    assert walk(damaged, coding) == expected
    assert walk(damaged, coding, sizes) == expected


@settings(max_examples=300)
@given(st.data(), data_sets, st.sampled_from(["implicit", "explicit"]), st.booleans())
def test_what_passes_here_passes_the_walk_behind_the_gate(
    draw: st.DataObject, elements: list[Element], coding: str, undefined: bool
) -> None:
    damaged = draw.draw(damages(encode(elements, coding, undefined=undefined)))
    if walk(damaged, coding) == 0:
        found = [element.tag for element in Walker(damaged, encoding_of(SYNTAXES[coding])).elements()]
        assert found == sorted(set(found))


@settings(max_examples=200)
@given(st.binary(max_size=300), codings, sizes)
@example(b"\xfe\xff\x00\xe0\x00\x00\x00\x00", "implicit", [1])
@example(bytes(200), "explicit", [7])
def test_any_bytes_get_an_answer_and_it_is_that_of_the_slow_walk(
    data: bytes, coding: str, sizes: list[int]
) -> None:
    assert walk(data, coding, sizes) == judge(data, coding, SOP_CLASS, SOP_INSTANCE) != 0


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("undefined", [True, False])
def test_nesting_ends_at_64_levels(coding: str, undefined: bool) -> None:
    def nested(levels: int) -> bytes:
        elements: list[Element] = [(0x10, 0x10, "PN", b"A ")]
        for _ in range(levels):
            elements = [(0x0040, 0xA730, "SQ", [elements])]
        return encode(uids() + elements, coding, undefined=undefined)

    assert walk(nested(MAX_DEPTH), coding) == 0
    assert walk(nested(MAX_DEPTH + 1), coding) == MALFORMED
    assert walk(nested(MAX_DEPTH + 60), coding, [100]) == MALFORMED


def test_a_flood_of_items_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planbank.gate.structure.MAX_ELEMENTS", 1000)
    few = encode([*uids(), (0x0040, 0xA730, "SQ", [[]] * 997)], "explicit")
    assert walk(few, "explicit") == 0
    many = encode([*uids(), (0x0040, 0xA730, "SQ", [[]] * 1000)], "explicit")
    assert walk(many, "explicit") == MALFORMED
    elements = encode(uids() + [(0x0011 + 2 * n, 0x10, "LO", b"") for n in range(1000)], "implicit")
    assert walk(elements, "implicit") == MALFORMED


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize(
    "tags",
    [
        [(0x10, 0x20), (0x10, 0x10)],
        [(0x10, 0x10), (0x10, 0x10)],
        [(2, 0x10)],
        [(0, 0)],
        [(0xFFFE, 0xE00D)],
        [(0xFFFE, 0xE000)],
        [(0xFFFF, 0x10)],
    ],
)
def test_elements_ascend_and_belong_into_a_data_set(coding: str, tags: list[tuple[int, int]]) -> None:
    more = b"".join(head(*tag, "LO", 0, coding) for tag in tags)
    low = tags[0] < (8, 0)
    data = more + encode(uids(), coding) if low else encode(uids(), coding) + more
    assert walk(data, coding) == MALFORMED
    nested = encode(uids(), coding) + head(0x40, 0xA730, "SQ", len(more) + 8, coding)
    assert walk(nested + item(more, coding, undefined=False), coding) in (
        [MALFORMED] if tags != [(0xFFFE, 0xE00D)] else [0]  # a delimiter too many at an item's very end
    )


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize(
    ("elements", "status"),
    [
        (uids(), 0),
        ([(8, 0x16, "UI", SOP_CLASS.encode() + b" "), (8, 0x18, "UI", b" 1.2.3.4.5\0\0")], 0),
        (uids()[:1], MISMATCH),
        (uids()[1:], MISMATCH),
        ([(8, 0x10, "SH", b"")], MISMATCH),
        (uids(SOP_CLASS + "1"), MISMATCH),
        (uids(sop_instance="1.2.3.4"), MISMATCH),
        (uids(sop_instance=""), MISMATCH),
        (uids(sop_instance=SOP_INSTANCE + "1" * 70), MISMATCH),
        ([*uids()[:1], (8, 0x18, "UI", b"1.2.3.4.5\\1.2")], MISMATCH),
        ([(0x10, 0x20, "LO", b"PHANTOM ")], MISMATCH),
    ],
)
def test_the_uids_are_those_of_the_command(coding: str, elements: list[Element], status: int) -> None:
    data = encode(elements, coding)
    for size in (1, 5, 1000):
        assert walk(data, coding, [size]) == status


@pytest.mark.parametrize("coding", CODINGS)
def test_uids_inside_a_sequence_are_not_those_of_the_object(coding: str) -> None:
    data = encode([(8, 0x1115, "SQ", [uids()])], coding)
    assert walk(data, coding) == MISMATCH
    data = encode([*uids(), (8, 0x1140, "SQ", [uids("1.2", "1.3")])], coding)
    assert walk(data, coding) == 0


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("extra", [b"\0", bytes(7), bytes(8), b"trailing bytes", b"\xff" * 20])
def test_trailing_bytes_are_refused(coding: str, extra: bytes) -> None:
    assert walk(encode(uids(), coding) + extra, coding) == MALFORMED


@pytest.mark.parametrize("coding", CODINGS)
def test_every_cut_is_noticed(coding: str) -> None:
    elements = [
        *uids(),
        (0x40, 0xA730, "SQ", [[(0x10, 0x10, "PN", b"A ")], []]),
        (0x7FE0, 0x10, "OW", bytes(50)),
    ]
    for undefined in (True, False):
        data = encode(elements, coding, undefined=undefined)
        ends = [len(encode(elements[:n], coding, undefined=undefined)) for n in range(len(elements) + 1)]
        for cut in range(len(data)):
            expected = MISMATCH if cut in ends[:2] else 0 if cut in ends else MALFORMED
            assert walk(data[:cut], coding, [9]) == expected, cut


def test_a_length_of_4_gb_is_found_out_at_the_end() -> None:
    data = encode(uids(), "explicit") + head(0x7FE0, 0x10, "OW", 0xFFFFFFF0, "explicit") + bytes(4)
    assert walk(data, "explicit") == MALFORMED


def test_a_delimiter_too_many_at_the_end_of_what_has_a_length_is_harmless() -> None:
    inner = item(b"" + delimiter(0xE00D, "explicit"), "explicit", undefined=False)
    whole = inner + delimiter(0xE0DD, "explicit")
    data = encode(uids(), "explicit") + head(0x40, 0xA730, "SQ", len(whole), "explicit") + whole
    assert walk(data, "explicit", [3]) == 0


def test_a_fragment_without_a_length_is_refused() -> None:
    begin = encode(uids(), "explicit") + head(0x7FE0, 0x10, "OB", OPEN, "explicit")
    fragment = struct.pack("<HHI", 0xFFFE, 0xE000, OPEN)
    assert walk(begin + fragment + delimiter(0xE00D, "explicit"), "explicit") == MALFORMED


@pytest.mark.parametrize("tag", [(0x0028, 0x1201), (0x6002, 0x3000), (0x0011, 0x1010), (0x5400, 0x1010)])
def test_bytes_that_may_be_anything_are_not_taken_for_a_sequence(tag: tuple[int, int]) -> None:
    value = b"\xfe\xff\x00\xe0" + bytes(range(20))
    assert walk(encode([*uids(), (*tag, "OW", value)], "implicit"), "implicit") == 0
    assert walk(encode([*uids(), (0x0040, 0xA730, "OW", value)], "implicit"), "implicit") == MALFORMED


def test_nothing_is_held_back_of_values_however_long() -> None:
    structure = Structure(coding_of(SYNTAXES["explicit"]), EXPECTED)
    structure.feed(encode(uids(), "explicit") + head(0x7FE0, 0x10, "OW", 50_000_000, "explicit"))
    piece = memoryview(bytes(100_000))
    tracemalloc.start()
    try:
        for _ in range(500):
            structure.feed(piece)
        assert tracemalloc.get_traced_memory()[1] < 10_000
    finally:
        tracemalloc.stop()
    structure.end()
