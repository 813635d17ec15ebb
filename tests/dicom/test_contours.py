"""Decimal strings scanned by compiled code, digit for digit as Python reads them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.dicom.contours import decimal_strings


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30),
    st.sampled_from(["%.16s", "%.4f", "%g", "%.6e", "%d"]),
)
def test_numbers_are_exactly_those_of_python(values: list[float], form: str) -> None:
    written = [form % (str(v) if form == "%.16s" else v) for v in values]
    written = [text for text in written if text.strip("-.") and not text.endswith(("e", "e-", "E"))]
    if not written:
        return
    found = decimal_strings("\\".join(written).encode())
    assert found is not None
    assert found.tolist() == [float(text) for text in written]


@pytest.mark.parametrize(
    ("value", "numbers"),
    [
        (b"", []),
        (b"  ", []),
        (b" 1 \\ 2.5\\-3 \0", [1, 2.5, -3]),
        (b"+1\\.5\\5.\\1E2\\1e-2", [1, 0.5, 5, 100, 0.01]),
        (b"0.12345678901234567890123\\1e30", [0.12345678901234567890123, 1e30]),
        (b"-0.0", [0]),
    ],
)
def test_odd_but_right(value: bytes, numbers: list[float]) -> None:
    found = decimal_strings(value)
    assert found is not None
    assert found.tolist() == numbers


@pytest.mark.parametrize(
    "value", [b"1\\\\2", b"1\\", b"\\1", b"a", b"1\\2x", b"1 2", b"-", b"1e", b"\xff", b"--1"]
)
def test_what_is_no_number_is_told(value: bytes) -> None:
    assert decimal_strings(value) is None


@given(st.binary(max_size=40))
def test_any_bytes_are_numbers_or_not(value: bytes) -> None:
    found = decimal_strings(value)
    assert found is None or found.dtype == np.float64
