"""The growth of the bank on its page, on the overview and as CSV (R125 to R127)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from planbank.house import House

if TYPE_CHECKING:
    from django.test import Client

    from tests.naming.trial import Trial


@pytest.fixture
def trial(bank: House) -> Trial:
    from planbank.catalogue.models import PlanSet
    from tests.naming.trial import Trial

    made = Trial.made(bank.clock.now())
    for year in range(2012, 2026):
        plan = made.plan("AUH", f"01010100{year - 2000}", "Heart")
        PlanSet.objects.filter(pk=plan.pk).update(treated_on=date(year, 2, 1), treated_by="plan")
    return made


def _body(answer: Any) -> str:
    return b"".join(answer).decode()


def test_chart_table_and_line(trial: Trial, client_of: Callable[..., Client]) -> None:
    page = client_of(trial.user).get(reverse("accrual")).content.decode()
    assert page.count("<polyline") == 2  # wide, and narrow for a phone
    assert page.count('class="fit"') == 2
    assert "14 patients." in page
    assert "On average 1 a year" in page
    assert "0101010012" not in page


def test_the_overview_shows_it_and_the_protocols(trial: Trial, client_of: Callable[..., Client]) -> None:
    page = client_of(trial.user).get("/").content.decode()
    assert "accrual-wide-title" in page
    assert "HN-19" in page


def test_filters_that_fit_nobody_say_so(trial: Trial, client_of: Callable[..., Client]) -> None:
    other = trial.rows.institution("OUH")
    page = client_of(trial.user).get(reverse("accrual"), {"institution": other.pk}).content.decode()
    assert "Nobody to count yet" in page
    assert client_of(trial.user).get(reverse("accrual"), {"protocol": "1;drop"}).status_code == 200


def test_csv(trial: Trial, client_of: Callable[..., Client]) -> None:
    lines = _body(client_of(trial.user).get(reverse("accrual"), {"format": "csv"})).splitlines()
    assert "2012,2012-01-01,2012-12-31,1,0,1" in lines
    assert any(line.startswith("centre: AUH,") for line in lines)
