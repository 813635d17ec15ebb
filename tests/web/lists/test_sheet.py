"""CSV that a spreadsheet neither runs nor spoils."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from planbank.web.lists.sheet import as_csv, cell


def read(response: Any, separator: str = ",") -> list[list[str]]:
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(StringIO(text[1:], newline=""), delimiter=separator))


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠A1", "-x"]  # noqa: RUF001
)  # fmt: skip
def test_formulas_become_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("number", [0, -1, 3.5, -0.25, 10**15])
def test_numbers_stay_numbers(number: float) -> None:
    assert cell(number) == number


@pytest.mark.parametrize("text", ["0101501234", "007", "123456789012", "12E5", "1e9"])
def test_ids_that_look_like_numbers_stay_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["123", "010150-1234", "1.2.840.10008", "Hansen^Anna", "0", "12345678901"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


def test_times_are_local_with_their_zone() -> None:
    assert cell(datetime(2026, 11, 17, 8, 30, tzinfo=UTC)) == "2026-11-17T09:30:00+01:00"
    assert cell(None) == ""
    assert cell(True) == "True"


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_every_cell_comes_back(rows: list[list[str]]) -> None:
    found = read(as_csv("x", ["a", "b"], rows))
    assert found[0] == ["a", "b"]
    assert found[1:] == [[str(cell(value)) for value in row] for row in rows]


def test_danish_spreadsheets_get_semicolons() -> None:
    with translation.override("da"):
        assert read(as_csv("x", ["a", "b"], [["1;2", "3"]]), ";") == [["a", "b"], ["1;2", "3"]]


def test_rows_are_taken_while_it_is_written() -> None:
    taken = []

    def rows() -> Any:
        for n in range(3):
            taken.append(n)
            yield [n]

    stream = iter(as_csv("x", ["n"], rows()).streaming_content)
    next(stream)
    assert taken == []
    next(stream)
    assert taken == [0]
