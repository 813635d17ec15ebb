"""Metrics by name, on curves whose answers are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.dose import axis
from planbank.dose.engine import Dvh
from planbank.dose.metrics import REASONS, REGISTRY, evaluate, parse, parse_list
from planbank.errors import MetricError


def ramp(outside: float = 0.0, edge: float = 0.0) -> Dvh:
    """10 cc with dose spread evenly from 20 to 40 Gy."""
    curve = np.clip((40 - axis.doses(4002)) / 20, 0, 1) * 10
    return Dvh(1, "a", ("1",), 10 + outside, outside, 20.0, 30.0, 40.0, curve, edge)


@pytest.mark.parametrize(
    ("typed", "value", "unit"),
    [
        ("D95%", 21.0, "Gy"),
        ("D100%", 20.0, "Gy"),
        ("D0%", 40.0, "Gy"),
        ("D2cc", 36.0, "Gy"),
        ("D0.03cc", 39.94, "Gy"),
        ("DC10%", 22.0, "Gy"),
        ("DC1cc", 22.0, "Gy"),
        ("V25Gy", 75.0, "%"),
        ("V25Gy[cc]", 7.5, "cc"),
        ("V95%", 57.5, "%"),
        ("V95%[cc]", 5.75, "cc"),
        ("CV25Gy[cc]", 2.5, "cc"),
        ("CV95%", 42.5, "%"),
        ("Dmean", 30.0, "Gy"),
        ("Dmin", 20.0, "Gy"),
        ("Dmax", 40.0, "Gy"),
        ("Dmedian", 30.0, "Gy"),
        ("Dmean[%]", 100.0, "%"),
        ("gEUD(1)", 30.0, "Gy"),
        ("gEUD(2)", np.sqrt((40**3 - 20**3) / 60), "Gy"),
        ("HI", (39.6 - 20.4) / 30, ""),
        ("Volume", 10.0, "cc"),
        (" d95% ", 21.0, "Gy"),
        ("v25gy", 75.0, "%"),
    ],
)
def test_values(typed: str, value: float, unit: str) -> None:
    found = evaluate(typed, ramp(), 30.0)
    assert found.value == pytest.approx(value, abs=0.005)
    assert (found.unit, found.reason, found.metric) == (unit, "", typed.strip())


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("D12cc", "too-small"),
        ("V95%", "no-prescription"),
        ("D95%[%]", "no-prescription"),
        ("CI", "no-prescription"),
        ("gEUD(0)", "undefined"),
    ],
)
def test_what_cannot_be_had_is_null_with_a_reason(typed: str, reason: str) -> None:
    found = evaluate(typed, ramp())
    assert found.value is None
    assert found.reason == reason
    assert reason in REASONS


def test_named_prescriptions() -> None:
    by_name = {"": 30.0, "PTV 68": 25.0}
    assert evaluate("V100%[PTV 68]", ramp(), by_name).value == pytest.approx(75)
    assert evaluate("V100%", ramp(), by_name).value == pytest.approx(50)
    assert evaluate("V100%[PTV 50]", ramp(), by_name).reason == "no-prescription"
    assert evaluate("V100%[PTV 68][cc]", ramp(), by_name).value == pytest.approx(7.5)


def test_conformity_needs_the_body() -> None:
    body = replace(ramp(), volume_cc=10.0)
    assert evaluate("CI", ramp(), 30.0).reason == "needs-body"
    assert evaluate("CI", ramp(), 30.0, body=body).value == pytest.approx(25 / (10 * 5))


def test_bounds_where_tissue_outside_the_grid_matters() -> None:
    found = ramp(outside=2.0, edge=25.0)
    assert evaluate("D2cc", found).reason == ""
    assert evaluate("D2cc", found).value == pytest.approx(36)
    low = evaluate("D95%", found)
    assert (low.value, low.reason, low.low) == (None, "outside", 0.0)
    assert low.high == pytest.approx(21.2, abs=0.01)
    warm = evaluate("V22Gy", found)
    assert (warm.value, warm.low, warm.high) == pytest.approx((75, 75, 100 * 11 / 12))
    assert evaluate("V26Gy", found).reason == ""
    mean = evaluate("Dmean", found)
    assert (mean.value, mean.low, mean.high) == pytest.approx((30, 25, 25 + 25 / 6))
    cold = evaluate("CV22Gy", found)
    assert (cold.low, cold.value) == pytest.approx((100 / 12, 25))
    assert evaluate("Dmax", found).reason == ""
    assert evaluate("Dmin", found).low == 0.0


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("V20", "V20Gy or V20%"),
        ("D95", "D95% or D95cc"),
        ("D2ml", "D2% or D2cc"),
        ("nonsense", "is none of"),
        ("D120%", "at most 100"),
        ("D-2cc", "negative"),
        ("V20Gy[Gy]", "% or cc"),
        ("D95%[", "brackets"),
        ("", "brackets"),
    ],
)
def test_errors_say_what_would_be_right(typed: str, hint: str) -> None:
    with pytest.raises(MetricError, match=hint.replace("[", r"\[")):
        parse(typed)


def test_a_list_of_metrics() -> None:
    parsed = parse_list("Dmean, D95%,V95%[PTV 68, boost],")
    assert [one.typed for one in parsed] == ["Dmean", "D95%", "V95%[PTV 68, boost]"]
    assert parsed[2].prescription == "PTV 68, boost"
    assert parse_list(" ") == []


def test_every_metric_says_what_it_is() -> None:
    assert all(entry.says.endswith(".") and entry.units for entry in REGISTRY.values())


def test_an_roi_without_dose_or_volume() -> None:
    none = Dvh(1, "a", (), 0.0, 0.0, None, None, None, np.zeros(1))
    assert evaluate("D95%", none).reason == "no-volume"
    assert evaluate("D95%", replace(none, volume_cc=3.0, outside_cc=3.0)).reason == "no-dose"


@given(st.text(max_size=12))
def test_any_text_is_a_metric_or_an_error(typed: str) -> None:
    try:
        parsed = parse(typed)
    except MetricError:
        return
    assert parsed.pattern in REGISTRY


@given(st.floats(0, 100), st.floats(0, 100))
def test_dose_to_volume_falls_with_volume(one: float, other: float) -> None:
    small, large = sorted((one, other))
    hot, cold = (evaluate(f"D{part:.6f}%", ramp()).value for part in (small, large))
    assert hot is not None and cold is not None
    assert hot >= cold
