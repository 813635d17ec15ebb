"""What plan sets are called."""

from __future__ import annotations

import pytest

from planbank.web.pages.plans import words


@pytest.mark.parametrize(
    ("dose", "fractions", "said"),
    [
        (50.0, 25, "50 Gy in 25"),
        (40.05, 15, "40.05 Gy in 15"),
        (8.639, 5, "8.639 Gy in 5"),
        (100.0, None, "100 Gy"),
        (None, 1, "1 fraction"),
        (None, 3, "3 fractions"),
        (None, None, ""),
    ],
)
def test_prescription(dose: float | None, fractions: int | None, said: str) -> None:
    assert words.prescription(dose, fractions) == said


@pytest.mark.parametrize(
    ("sent", "said"), [("APPROVED", "Approved"), ("unapproved", "Unapproved"), ("ODD", "ODD"), ("", "")]
)
def test_approval(sent: str, said: str) -> None:
    assert words.approval(sent) == said


@pytest.mark.parametrize(
    ("sent", "said"), [("20261124", "24 November 2026"), ("20261399", "20261399"), ("", ""), ("odd", "odd")]
)
def test_days_that_cannot_be_read_stay_as_sent(sent: str, said: str) -> None:
    assert words.long_day(sent) == said


def test_every_state_of_the_dose_has_words() -> None:
    states = ("ready", "due", "failed", "waiting", "unused", "no structures", "none")
    assert len({words.dose_state(state) for state in states}) >= 6
