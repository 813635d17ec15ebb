"""Every code has words, in which nothing is left to be filled in (R109)."""

from __future__ import annotations

import pytest

from planbank.audits.acting import letters
from planbank.audits.words import ASK, COPIES, RETURNS, copy_words, return_words

ABOUT = {"by": "OUH-1, A", "other": "AUH", "fit": 3, "of": 4, "names": "Heart"}


@pytest.mark.parametrize("code", sorted({*RETURNS, *ASK}))
def test_of_returns(code: str) -> None:
    said = return_words({"code": code, **ABOUT})
    assert said != code and "%" not in said


def test_of_copies() -> None:
    assert copy_words("") == "" and all(copy_words(code) for code in COPIES)
    assert "tls" in copy_words("tls")


def test_cases_are_named_by_letters() -> None:
    assert [letters(n) for n in (0, 25, 26, 27, 701, 702)] == ["A", "Z", "AA", "AB", "ZZ", "AAA"]
