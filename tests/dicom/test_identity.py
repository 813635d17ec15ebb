"""Patient IDs under their scheme (R20)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.dicom.identity import CPR, LOCAL, identify


def test_a_national_number_joins_across_institutions() -> None:
    first = identify("010101-4321", CPR, "OUH")
    second = identify(" 0101014321 ", CPR, "Aarhus")
    assert first == second
    assert first is not None
    assert first.key == (CPR, "", "0101014321")
    assert first.national


@pytest.mark.parametrize(
    "patient_id", ["010101-AB12", "TRAINING02", "3213011234", "123456789", "01010143210"]
)
def test_replacement_and_phantom_numbers_stay_local(patient_id: str) -> None:
    first, second = identify(patient_id, CPR, "OUH"), identify(patient_id, CPR, "Aarhus")
    assert first is not None
    assert first.scheme == LOCAL
    assert not first.national
    assert first != second


def test_the_same_digits_under_a_local_scheme_do_not_join() -> None:
    assert identify("0101014321", LOCAL, "Oslo") != identify("0101014321", CPR, "OUH")


def test_modulus_11_is_a_hint_only() -> None:
    right, doubtful = identify("070761-4285", CPR, ""), identify("070761-4286", CPR, "")
    assert right is not None and doubtful is not None
    assert not right.is_doubtful
    assert doubtful.is_doubtful
    assert doubtful.national


def test_leap_day_of_either_century_is_a_day() -> None:
    found = identify("290200-1111", CPR, "")
    assert found is not None and found.national


def test_no_id() -> None:
    assert identify(" \0", CPR, "OUH") is None


def test_unknown_scheme() -> None:
    with pytest.raises(ValueError, match=r"CPR, .*, local"):
        identify("1", "nothing", "")


@given(st.text(max_size=20))
def test_identity_is_stable_under_normalisation(patient_id: str) -> None:
    first = identify(patient_id, CPR, "A")
    if first is not None:
        assert identify(first.patient_id, CPR, "A") == first
