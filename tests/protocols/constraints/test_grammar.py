"""How constraints are written and what is said of those that are not understood (R137, R151)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planbank.errors import ConstraintError
from planbank.protocols.constraints.grammar import read

TYPES = ["Heart", "PTV", "Spinal Cord", "Lung_L + Lung_R"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Heart Dmean <= 2 Gy", "Heart Dmean <= 2 Gy"),
        ("heart   dmean<=2Gy", "Heart dmean <= 2 Gy"),
        ("Heart Dmean ≤ 2,5 Gy", "Heart Dmean <= 2.5 Gy"),
        ("Heart Dmean <= 200 cGy", "Heart Dmean <= 2 Gy"),
        ("PTV V95% >= 98 %", "PTV V95% >= 98 %"),
        ("PTV V95% >= 98 %, tolerate 95", "PTV V95% >= 98 %, tolerate 95 %"),
        ("PTV V95% ≥ 98 %; tolerate 95 %", "PTV V95% >= 98 %, tolerate 95 %"),
        ("Spinal Cord D0.1cc < 45 Gy", "Spinal Cord D0.1cc < 45 Gy"),
        ("Spinal Cord V20Gy <= 5 cc", "Spinal Cord V20Gy[cc] <= 5 cc"),
        ("PTV Dmax <= 107 %", "PTV Dmax[%] <= 107 %"),
        ("Lung_L + Lung_R V20Gy < 35 %", "Lung_L + Lung_R V20Gy < 35 %"),
    ],
)
def test_constraints_as_people_write_them(text: str, said: str) -> None:
    found = read(text, TYPES)
    assert found.text == said
    assert read(found.text, TYPES) == found


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "Heart Dmean <= 2 Gy"),
        ("Heart Dmean 2 Gy", "needs one of"),
        ("Heart Dmean <= 2 <= 3 Gy", "needs one of"),
        ("Hart Dmean <= 2 Gy", "Did you mean Heart"),
        ("Kidney Dmean <= 2 Gy", "There are: Heart"),
        ("Dmean <= 2 Gy", "needs a structure type"),
        ("Heart Dmiddle <= 2 Gy", "is no metric"),
        ("Heart D95 <= 2 Gy", "is no metric"),
        ("Heart Dmean <= two Gy", "is no limit"),
        ("Heart Dmean <= 2", "needs a unit"),
        ("Heart Dmean <= 2 mSv", "is no unit"),
        ("Heart Dmean <= 2 cc", "not in cc"),
        ("Heart Dmean <= 2 Gy, tolerate 1 Gy", "above the limit"),
        ("PTV V95% >= 98 %, tolerate 99 %", "below the limit"),
        ("Heart Dmean <= 2 Gy, tolerate 3 %", "same unit"),
        ("x" * 300, "at most"),
    ],
)
def test_what_is_wrong_is_said(text: str, word: str) -> None:
    with pytest.raises(ConstraintError, match=re.escape(word)):
        read(text, TYPES)


@settings(max_examples=150)
@given(st.text(max_size=60))
def test_nothing_typed_breaks_it(text: str) -> None:
    try:
        assert read(text, TYPES).text
    except ConstraintError as exc:
        assert str(exc)
