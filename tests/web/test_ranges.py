"""Ranges of bytes (RFC 9110, section 14)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.web.ranges import Unsatisfiable, byte_range


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-9", (0, 9)),
        ("bytes=90-", (90, 99)),
        ("bytes=90-500", (90, 99)),
        ("bytes=-5", (95, 99)),
        ("bytes=-500", (0, 99)),
        ("", None),
        ("bytes=5-2", None),
        ("bytes=0-1,4-5", None),
        ("lines=0-1", None),
        ("bytes=-", None),
    ],
)
def test_one_range_is_read_and_everything_else_means_the_whole(
    header: str, wanted: tuple[int, int] | None
) -> None:
    assert byte_range(header, 100) == wanted


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0)])
def test_what_begins_behind_the_end_is_refused(header: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        byte_range(header, size)


@given(st.text(max_size=30), st.integers(0, 1000))
def test_no_header_leads_out_of_the_bytes(header: str, size: int) -> None:
    try:
        found = byte_range(f"bytes={header}", size)
    except Unsatisfiable:
        return
    assert found is None or 0 <= found[0] <= found[1] < size
