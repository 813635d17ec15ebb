"""Invented people: numbers with the form of a CPR number that can be none."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from planbank.demo.patients.persons import invent_person


@given(seed=st.integers(0, 2**32), sex=st.sampled_from("FM"), early=st.booleans())
def test_numbers_fit_the_person_and_fail_the_checksum(seed: int, sex: str, early: bool) -> None:
    person = invent_person(np.random.default_rng(seed), sex, early_day=early)
    assert len(person.number) == 10
    assert person.number.isdigit()
    assert person.number.startswith(f"{person.birth_date:%d%m%y}")
    assert int(person.number[-1]) % 2 == (sex == "M")
    assert person.number[6] in "0123"  # born in the twentieth century
    total = sum(int(d) * w for d, w in zip(person.number, (4, 3, 2, 7, 6, 5, 4, 3, 2, 1), strict=True))
    assert total % 11
    assert not early or person.number[0] == "0"
    assert "^" in person.name
