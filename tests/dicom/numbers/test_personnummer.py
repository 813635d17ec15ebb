"""Swedish personal numbers (R129)."""

from __future__ import annotations

import pytest

from planbank.dicom.identity import LOCAL, identify
from planbank.dicom.numbers.personnummer import SCHEME, read
from tests.dicom.numbers.changes import one_digit_off


@pytest.mark.parametrize("written", ["19811218-9876", "198112189876", "19811218 9876"])
def test_it_joins_however_it_is_written(written: str) -> None:
    found = identify(written, SCHEME.name, "A")
    assert found is not None and found.key == (SCHEME.name, "", "198112189876")
    assert not found.is_doubtful


def test_no_single_wrong_digit_makes_another_number() -> None:
    for wrong in one_digit_off("8112189876"):
        found = identify(f"19{wrong}", SCHEME.name, "A")
        assert found is not None and found.scheme == LOCAL, wrong


def test_a_wrong_check_digit_is_told() -> None:
    found = identify("19811218-9875", SCHEME.name, "A")
    assert found is not None and (found.scheme, found.issuer, found.is_doubtful) == (LOCAL, "A", True)


@pytest.mark.parametrize("other", ["8112189876", "19811318-9876", "19811232-9876", "TRAINING02"])
def test_what_is_no_number_of_it(other: str) -> None:
    assert read(other) is None
