"""Missing images are said once where link and completeness both saw them (R28, R34)."""

from __future__ import annotations

import pytest

from planbank.catalogue.models import Finding
from planbank.catalogue.told_once import told_once


def missing(code: str, n: int) -> Finding:
    return Finding(code=code, params={"missing": n, "of": 40})


@pytest.mark.parametrize("code", ["images-incomplete", "images-incomplete-somewhere"])
def test_two_missing_slices_are_one_line_that_of_the_stack(code: str) -> None:
    other = Finding(code="no-dose-received", params={})
    said = told_once([missing("images-missing", 2), other, missing(code, 2)])
    assert [row.code for row in said] == ["no-dose-received", code]


def test_what_the_stack_does_not_account_for_stays() -> None:
    rows = [missing("images-missing", 3), missing("images-incomplete", 2)]
    assert told_once(rows) == rows


def test_several_stacks_count_together() -> None:
    rows = [
        missing("images-missing", 3),
        missing("images-incomplete", 2),
        missing("images-incomplete-somewhere", 1),
    ]
    assert told_once(rows) == rows[1:]


@pytest.mark.parametrize("params", [{}, {"missing": 2, "of": 9}])
def test_alone_it_is_told(params: dict[str, int]) -> None:
    row = Finding(code="images-missing", params=params)
    assert told_once([row]) == [row]
