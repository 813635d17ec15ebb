"""The page of statistics, its CSV and its curves (R51, R77 to R79, R197)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse

from planbank.people.models import User
from planbank.protocols.levels import See, TakeOut
from tests.naming.trial import Trial


def _url(trial: Trial, name: str = "statistics") -> str:
    return reverse(name, args=[trial.protocol.pk])


def _body(answer: Any) -> str:
    return b"".join(answer).decode()


def test_spreads_and_what_is_left_out(trial: Trial, browser: Client) -> None:
    trial.rule("Hjerte", "Heart")
    trial.type("Lung")
    trial.calculated("AUH", "0101010001")
    page = browser.get(_url(trial), {"metrics": "Dmean, D50%"}).content.decode()
    assert "30.00" in page
    assert "see the gaps" in page
    assert "0101010001" not in page


def test_bad_metrics_and_days_are_told(trial: Trial, browser: Client) -> None:
    trial.type("Heart")
    for query in (
        {"metrics": "D95"},
        {"metrics": "Dmean", "as_of": "31-02-2026"},
        {"metrics": "", "as_of": "x"},
    ):
        answer = browser.get(_url(trial), query)
        assert answer.status_code == 200
        assert b"error-summary" in answer.content


def test_r79_the_csv_in_both_dialects_with_its_columns(
    trial: Trial, client_of: Callable[..., Client]
) -> None:
    trial.rule("Hjerte", "Heart")
    plan = trial.calculated("AUH", "0101010001")
    plan.label = "=cmd()"
    plan.save()
    taker = User.objects.create(username="taker")
    levels = {"see": See.IDENTIFIED, "take_out": TakeOut.RAW}
    trial.rows.grant(taker, "reader", trial.protocol, **levels)
    browser = client_of(taker)
    point = _body(browser.get(_url(trial, "statistics-csv"), {"metrics": "D50%", "decimal": "point"}))
    assert "patient,trial_id,institution" in point
    assert "'=cmd()" in point
    assert "'0101010001" in point
    comma = _body(browser.get(_url(trial, "statistics-csv"), {"metrics": "Dmean", "decimal": "comma"}))
    assert ";30,0;" in comma
    columns = _body(browser.get(_url(trial, "statistics-csv"), {"metrics": "D50%", "of": "columns"}))
    assert "D50% (Gy)" in columns
    assert browser.get(_url(trial, "statistics-csv"), {"metrics": "x"}).status_code == 400


def test_who_may_see_but_not_take_out_gets_no_csv(trial: Trial, browser: Client) -> None:
    trial.rule("Hjerte", "Heart")
    trial.calculated("AUH", "0101010001")
    assert b"CSV of every plan" not in browser.get(_url(trial), {"metrics": "Dmean"}).content
    assert browser.get(_url(trial, "statistics-csv"), {"metrics": "Dmean"}).status_code == 403


def test_curves_with_bands_and_plans(trial: Trial, browser: Client) -> None:
    trial.rule("Hjerte", "Heart")
    plan = trial.calculated("AUH", "0101010001")
    found = browser.get(_url(trial, "statistics-dvh"), {"type": trial.type("Heart").pk}).json()
    assert found["curves"][0]["plan"] == plan.pk
    assert found["bands"][""]["percent"][2][0] == 100.0
    assert found["curves"][0]["patient"] != "0101010001"
    assert browser.get(_url(trial, "statistics-dvh"), {"type": "1'"}).status_code == 400


def test_r51_the_summary_level_gets_no_single_plan(trial: Trial, client_of: Callable[..., Client]) -> None:
    trial.rule("Hjerte", "Heart")
    for n in range(4):
        trial.calculated("AUH", f"010101000{n}")
    summary = User.objects.create(username="summary")
    trial.rows.grant(summary, "reader", trial.protocol, see=See.SUMMARY)
    browser = client_of(summary)
    page = browser.get(_url(trial), {"metrics": "Dmean"}).content.decode()
    assert "kept back" in page
    assert "30.00" not in page
    query = {"type": trial.type("Heart").pk}
    assert browser.get(_url(trial, "statistics-dvh"), query).json()["curves"] == []
    trial.calculated("OUH", "0101010007")
    page = browser.get(_url(trial), {"metrics": "Dmean"}).content.decode()
    assert page.count("30.00") == 3  # median and quartiles of all; no centre of its own
    assert page.count("kept back<") == 2
    assert (
        "Summaries are of today"
        in browser.get(_url(trial), {"metrics": "Dmean", "as_of": "2026-01-01"}).content.decode()
    )
    assert browser.get(_url(trial, "statistics-csv"), {"metrics": "Dmean"}).status_code == 403
