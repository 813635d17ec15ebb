"""Requests of metrics that are kept and asked again as data arrive; the table as Parquet (R72, R79)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pyarrow.parquet as pq
import pytest
from django.test import Client

from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import SavedRequest
from planbank.web.pages.statistics import views

Trial = Any


@pytest.fixture
def url(trial: Trial) -> str:
    return f"/protocols/{trial.protocol.pk}/statistics/"


def kept(browser: Client, url: str, name: str = "hearts", **more: Any) -> Any:
    return browser.post(f"{url}saved/", {"name": name, "metrics": "Dmean", **more}, follow=True)


def test_it_is_asked_again_as_data_arrive(trial: Trial, browser: Client, url: str) -> None:
    trial.rule("Hjerte", "Heart")
    heart, lung = trial.type("Heart"), trial.type("Lung")
    assert "Saved requests" not in browser.get(url).text
    answer = kept(browser, url, "  hearts  of all ", type=[heart.pk])
    row = SavedRequest.objects.get()
    assert (row.name, list(row.structure_types.all()), row.metrics) == ("hearts of all", [heart], "Dmean")
    assert "Saved." in answer.text and "hearts of all" in answer.text
    trial.calculated("AUH", "0101010001")
    address = re.search(r'href="(/protocols/\d+/statistics/\?[^"]+)"><bdi>hearts of all', answer.text)
    assert address is not None
    page = browser.get(unquote(address[1].replace("&amp;", "&"))).text
    assert "30.00" in page, "with the numbers of now"
    lung.refresh_from_db()
    kept(browser, url, "hearts of all")
    standing = SavedRequest.objects.get(ended_at__isnull=True)
    assert not standing.structure_types.exists(), "all types, also later ones"


def test_it_goes_with_undo_and_only_by_who_may(
    trial: Trial, browser: Client, client_of: Callable[..., Client], url: str
) -> None:
    trial.type("Heart")
    kept(browser, url)
    row = SavedRequest.objects.get()
    other = User.objects.create(username="other")
    trial.rows.grant(other, "reader", trial.protocol, see=See.PSEUDONYMISED)
    theirs = client_of(other)
    assert "hearts" in theirs.get(url).text and "Remove" not in theirs.get(url).text
    assert theirs.post(f"{url}saved/{row.pk}/remove/").status_code == 404
    assert "hearts is removed." in browser.post(f"{url}saved/{row.pk}/remove/", follow=True).text
    assert "Saved requests" not in browser.get(url).text
    assert "hearts is back." in browser.post(f"{url}saved/{row.pk}/back/", follow=True).text
    browser.post(f"{url}saved/{row.pk}/remove/")
    kept(browser, url)
    assert "has this name by now" in browser.post(f"{url}saved/{row.pk}/back/", follow=True).text
    assert SavedRequest.objects.filter(ended_at__isnull=True).count() == 1
    assert Entry.objects.filter(action="save request").count() == 3


def test_what_cannot_be_kept_says_why(trial: Trial, browser: Client, url: str) -> None:
    trial.type("Heart")
    assert "Give it a name." in kept(browser, url, "  ").text
    assert "Q7" in kept(browser, url, metrics="Q7").text
    assert not SavedRequest.objects.exists()
    kept(browser, url, "<b>x</b>")
    assert "&lt;b&gt;x" in browser.get(url).text and "<b>x" not in browser.get(url).text


def test_the_table_as_parquet(
    trial: Trial, client_of: Callable[..., Client], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial.rule("Hjerte", "Heart")
    trial.calculated("AUH", "0101010001")
    taker = User.objects.create(username="taker")
    trial.rows.grant(taker, "reader", trial.protocol, see=See.IDENTIFIED, take_out=TakeOut.RAW)
    browser = client_of(taker)
    asked = {"metrics": "D50%", "format": "parquet"}
    answer = browser.get(f"{url}table.csv", asked)
    table = pq.read_table(io.BytesIO(b"".join(answer.streaming_content)))
    (row,) = table.to_pylist()
    assert row["patient"] == "0101010001" and row["D50% (Gy)"] == pytest.approx(30, abs=0.1)
    assert answer["Content-Disposition"].endswith('.parquet"')
    monkeypatch.setattr(views, "is_there", lambda: False)
    refused = browser.get(f"{url}table.csv", asked)
    assert refused.status_code == 501 and "planbank[parquet]" in refused.text
    assert "Parquet" not in browser.get(url, {"metrics": "D50%"}).text
