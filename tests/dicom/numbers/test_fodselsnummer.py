"""Norwegian birth numbers (R129)."""

from __future__ import annotations

import pytest

from planbank.dicom.identity import LOCAL, identify
from planbank.dicom.numbers.fodselsnummer import SCHEME, read
from tests.dicom.numbers.changes import one_digit_off


@pytest.mark.parametrize("written", ["15108695088", "151086-95088", "151086 95088"])
def test_it_joins_however_it_is_written(written: str) -> None:
    found = identify(written, SCHEME.name, "A")
    assert found is not None and found.key == (SCHEME.name, "", "15108695088")
    assert not found.is_doubtful


def test_no_single_wrong_digit_makes_another_number() -> None:
    for wrong in one_digit_off("15108695088"):
        found = identify(wrong, SCHEME.name, "A")
        assert found is not None and found.scheme == LOCAL, wrong


def test_a_wrong_check_digit_is_told() -> None:
    found = identify("15108695089", SCHEME.name, "A")
    assert found is not None and (found.scheme, found.issuer, found.is_doubtful) == (LOCAL, "A", True)


@pytest.mark.parametrize("other", ["15138695088", "1510869508", "151086950888", "PHANTOM"])
def test_what_is_no_number_of_it(other: str) -> None:
    assert read(other) is None
