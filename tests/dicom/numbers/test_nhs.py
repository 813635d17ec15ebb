"""NHS numbers (R129)."""

from __future__ import annotations

import pytest

from planbank.dicom.identity import LOCAL, identify
from planbank.dicom.numbers.nhs import SCHEME, read
from tests.dicom.numbers.changes import one_digit_off


@pytest.mark.parametrize("written", ["9434765919", "943 476 5919", "943-476-5919"])
def test_it_joins_however_it_is_written(written: str) -> None:
    found = identify(written, SCHEME.name, "A")
    assert found is not None and found.key == (SCHEME.name, "", "9434765919")
    assert not found.is_doubtful


def test_no_single_wrong_digit_makes_another_number() -> None:
    for wrong in one_digit_off("9434765919"):
        found = identify(wrong, SCHEME.name, "A")
        assert found is not None and found.scheme == LOCAL, wrong


def test_a_wrong_check_digit_is_told() -> None:
    found = identify("9434765918", SCHEME.name, "A")
    assert found is not None and (found.scheme, found.issuer, found.is_doubtful) == (LOCAL, "A", True)


@pytest.mark.parametrize("other", ["943476591", "94347659190", "A434765919"])
def test_what_is_no_number_of_it(other: str) -> None:
    assert read(other) is None
