"""Warming runs the real engine on a box with a known volume."""

import pytest

from planbank.dose.warm import warm


def test_the_box_has_its_volume_and_lies_within_the_dose() -> None:
    found = warm()
    assert found.volume_cc == pytest.approx(2.4, rel=1e-6)
    assert found.outside_cc == pytest.approx(0.0, abs=1e-9)
    assert found.min_gy is not None and found.max_gy is not None and 0 <= found.min_gy < found.max_gy <= 60
