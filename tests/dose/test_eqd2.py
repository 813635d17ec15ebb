"""Equivalent dose in 2 Gy fractions, on curves whose answers are known (R72, dose.md 12)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.dose.engine import dvh
from planbank.dose.eqd2 import as_eqd2, eqd2, physical
from planbank.dose.metrics import evaluate, parse
from planbank.errors import MetricError
from tests.dose.phantoms import linear, opened_dose, opened_structure_set, sphere
from tests.dose.test_metrics import ramp


def test_two_gray_fractions_are_themselves_and_larger_ones_weigh_more() -> None:
    assert eqd2(60.0, 3.0, 30) == pytest.approx(60.0)
    assert eqd2(45.0, 3.0, 15) == pytest.approx(45 * 6 / 5)


@given(st.floats(0, 150), st.floats(0.5, 20), st.integers(1, 40))
def test_there_and_back(dose: float, alpha_beta: float, fractions: int) -> None:
    assert physical(eqd2(dose, alpha_beta, fractions), alpha_beta, fractions) == pytest.approx(dose, abs=1e-6)


@given(st.sampled_from([2.0, 3.0, 10.0]), st.integers(1, 35), st.floats(1, 99))
def test_dose_to_a_volume_is_the_eqd2_of_the_dose(alpha_beta: float, fractions: int, percent: float) -> None:
    plain = evaluate(f"D{percent:.2f}%", ramp()).value
    found = evaluate(f"D{percent:.2f}%[EQD2({alpha_beta})]", ramp(), fractions=fractions)
    assert found.unit == "Gy"
    assert found.value == pytest.approx(eqd2(plain, alpha_beta, fractions), abs=0.02 * (1 + 40 / fractions))


def test_the_mean_is_that_of_the_equivalent_doses() -> None:
    doses = np.linspace(20, 40, 100_001)
    found = evaluate("Dmean[EQD2(3)]", ramp(), fractions=10)
    assert found.value == pytest.approx(eqd2(doses, 3.0, 10).mean(), abs=0.01)


def test_the_prescription_is_converted_too() -> None:
    plain, found = evaluate("V95%", ramp(), 30.0), evaluate("V100%[EQD2(3)]", ramp(), 30.0, fractions=15)
    assert found.value == pytest.approx(50.0, abs=0.1)
    assert plain.value != found.value


def test_without_fractions_there_is_a_reason_and_no_value() -> None:
    found = evaluate("D2%[EQD2(3)]", ramp())
    assert (found.value, found.reason) == (None, "no-fractions")


@pytest.mark.parametrize("typed", ["Dmean[EQD2]", "Dmean[EQD2(0)]", "Dmean[EQD2(x)]", "D2%[eqd2 3]"])
def test_what_is_wrong_is_said(typed: str) -> None:
    with pytest.raises(MetricError, match=r"alpha/beta in Gy"):
        parse(typed)


def test_uncertainty_is_converted() -> None:
    found = dvh(opened_structure_set({"a": sphere(10, 3, 0.2)}), opened_dose(linear((0, 0, 1))))[0]
    plain, changed = evaluate("Dmean", found), evaluate("Dmean[EQD2(2)]", found, fractions=5)
    assert plain.plus_minus is not None and changed.plus_minus is not None
    assert changed.plus_minus > plain.plus_minus
    assert as_eqd2(found, 2.0, 5).parameters["eqd2"] == [2.0, 5]
