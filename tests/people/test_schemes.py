"""Every scheme is whole (R129)."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from planbank.dicom.identity import LOCAL, identify
from planbank.dicom.numbers import SCHEMES
from planbank.people.schemes import TITLES, check_scheme, scheme_choices


def test_every_scheme_has_its_words_and_fits_its_column() -> None:
    assert set(TITLES) == {*SCHEMES, LOCAL}
    assert [name for name, _title in scheme_choices()][-1] == LOCAL
    assert all(len(name) <= 16 for name in SCHEMES)


def test_numbers_of_another_country_are_refused() -> None:
    check_scheme("GB-NHS", "GB")
    check_scheme(LOCAL, "SE")
    with pytest.raises(ValidationError) as refused:
        check_scheme("CPR", "SE")
    assert "DK" in str(refused.value)


@given(st.sampled_from(sorted(SCHEMES)), st.text(alphabet="0123456789-+ABTt\u0661\u212a ", max_size=14))
def test_reading_is_stable_and_plain(name: str, text: str) -> None:
    found = identify(text, name, "A")
    if found is not None and found.national:
        assert found.patient_id.isascii()
        assert identify(found.patient_id, name, "B") == found
