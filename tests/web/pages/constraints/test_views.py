"""Constraints on their pages: asked, judged, changed, imported, copied, taken out (R151, R203)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from planbank.house import House

if TYPE_CHECKING:
    from django.test import Client

    from tests.naming.trial import Trial


@pytest.fixture
def trial(bank: House) -> Trial:
    from tests.naming.trial import Trial

    made = Trial.made(bank.clock.now())
    made.rule("Hjerte", "Heart")
    return made


@pytest.fixture
def browser(trial: Trial, client_of: Callable[..., Client]) -> Client:
    return client_of(trial.user)


def _url(trial: Trial, name: str = "constraints", *more: int) -> str:
    return reverse(name, args=[trial.protocol.pk, *more])


def _new(browser: Client, trial: Trial, text: str, **more: Any) -> Any:
    return browser.post(_url(trial, "constraint-new"), {"text": text, "arm": "", **more}, follow=True)


def test_a_constraint_is_typed_judged_and_seen(bank: House, trial: Trial, browser: Client) -> None:
    from planbank.services.constraints import constraints

    plan = trial.calculated("AUH", "0101010001")
    assert b"Every plan of the protocol is judged anew" in _new(browser, trial, "heart Dmean <= 2 Gy").content
    constraints(bank, plan.patient_file_id)
    page = browser.get(_url(trial)).content.decode()
    assert "unacceptable variation" in page
    assert "30.00 Gy" in page
    assert "▾ 0 %" in page
    assert "0101010001" not in page
    only = browser.get(_url(trial), {"state": "met"}).content.decode()
    assert "No plan has such a verdict" in only


def test_what_is_wrong_is_said_while_one_types_and_keeps_what_was_typed(
    trial: Trial, browser: Client
) -> None:
    url = _url(trial, "constraint-new")
    checked = browser.get(url, {"text": "Hart Dmean <= 2 Gy"}, headers={"HX-Request": "true"})
    assert b"Did you mean Heart?" in checked.content
    assert b'id="checked"' not in checked.content  # it goes inside what bears that name
    checked = browser.get(url, {"text": "heart Dmean ≤ 2 Gy"}, headers={"HX-Request": "true"})
    assert b"Heart Dmean &lt;= 2 Gy" in checked.content
    page = _new(browser, trial, "<script> Dmean <= 2 Gy").content
    assert b"&lt;script&gt; Dmean" in page
    assert b"<script> Dmean" not in page


def test_change_end_and_undo(trial: Trial, browser: Client) -> None:
    from planbank.protocols.models import Constraint

    _new(browser, trial, "Heart Dmean <= 2 Gy")
    first = Constraint.objects.get()
    assert b'value="Heart Dmean &lt;= 2 Gy"' in browser.get(_url(trial), {"change": first.pk}).content
    _new(browser, trial, "Heart Dmean <= 3 Gy", instead=first.pk)
    second = Constraint.objects.get(ended_at=None)
    assert second.limit == 3
    browser.post(_url(trial, "constraint-end", second.pk))
    assert not Constraint.objects.filter(ended_at=None).exists()
    browser.post(_url(trial, "constraint-back", second.pk))
    assert Constraint.objects.get(ended_at=None).text == "Heart Dmean <= 3 Gy"


def test_r151_a_person_overrules_with_a_reason_and_takes_it_back(
    bank: House, trial: Trial, browser: Client
) -> None:
    from planbank.journal.models import Entry
    from planbank.protocols.levels import See, TakeOut
    from planbank.protocols.models import Review
    from planbank.services.constraints import constraints

    plan = trial.calculated("AUH", "0101010001")
    _new(browser, trial, "Heart Dmean <= 2 Gy")
    constraints(bank, plan.patient_file_id)
    url = _url(trial, "plan-review")
    assert f"{url}?plan_set={plan.pk}" in browser.get(_url(trial)).text
    said = {"plan_set": plan.pk, "state": "tolerated", "seen": "not met"}
    assert "Say why." in browser.post(url, said).text
    assert "Choose one of the three." in browser.post(url, said | {"state": "cannot", "reason": "x"}).text
    late = browser.post(url, said | {"reason": "x", "seen": "met"}).text
    assert "Nothing was saved; look again." in late and not Review.objects.exists()
    back = browser.post(url, said | {"reason": "Left <breast>, no other way"}, follow=True)
    page = back.text
    assert "Left &lt;breast&gt;, no other way" in page and "acceptable variation" in page
    way_back = f"{_url(trial, 'plan-review-end')}?plan_set={plan.pk}"
    assert way_back.replace("&", "&amp;") in page

    levels = {"see": See.PSEUDONYMISED, "take_out": TakeOut.PSEUDONYMISED}
    trial.rows.grant(trial.user, "reader", trial.protocol, **levels)
    rows = b"".join(browser.get(_url(trial, "constraints-csv")).streaming_content).decode().splitlines()
    assert rows[0].endswith("plan_verdict,overruled_by,overruled_because")
    assert ",not met," in rows[1] and "tolerated," in rows[1].rpartition("Left")[0]

    assert "Taken back. The verdicts count again." in browser.post(way_back, follow=True).text
    assert "took it back meanwhile" in browser.post(way_back, follow=True).text
    assert {"overrule verdicts", "let verdicts stand"} <= set(Entry.objects.values_list("action", flat=True))
    assert "Left &lt;breast&gt;" in browser.get(url, {"plan_set": plan.pk}).text, "history stays"
    for number in ("0", "x", "9" * 30, str(plan.pk + 999)):
        assert browser.get(url, {"plan_set": number}).status_code == 404


def test_a_review_counts_until_the_plan_comes_to_something_else(
    bank: House, trial: Trial, browser: Client
) -> None:
    from planbank.protocols.models import Constraint
    from planbank.services.constraints import constraints

    plan = trial.calculated("AUH", "0101010001")
    _new(browser, trial, "Heart Dmean <= 2 Gy")
    constraints(bank, plan.patient_file_id)
    said = {"plan_set": plan.pk, "state": "met", "seen": "not met", "reason": "a boost of another trial"}
    page = browser.get(_url(trial)).text
    assert page.count("▾ 0 %") == 4 and "100 %" not in page
    browser.post(_url(trial, "plan-review"), said)
    page = browser.get(_url(trial)).text
    assert (page.count("▾ 0 %"), page.count("100 %")) == (2, 2), (
        "plans by their review, constraints as they are"
    )
    _new(browser, trial, "Heart Dmean <= 2 Gy, tolerate 40 Gy", instead=Constraint.objects.get().pk)
    constraints(bank, plan.patient_file_id)
    page = browser.get(_url(trial)).text
    assert "A review no longer counts" in page and "acceptable variation" in page
    assert "a boost of another trial" in browser.get(_url(trial, "plan-review"), {"plan_set": plan.pk}).text


def test_import_shows_first_and_saves_as_a_whole(trial: Trial, browser: Client) -> None:
    from planbank.protocols.models import Constraint

    url = _url(trial, "constraints-several")
    bad = "Constraint;Arm\nHeart Dmean <= 2 Gy;A\nHart Dmax <= 3 Gy;\n"
    page = browser.post(url, {"text": bad, "save": "1"}).content
    assert b"Did you mean Heart?" in page
    assert not Constraint.objects.exists()
    good = 'Constraint,Arm\n"Heart Dmean <= 2 Gy, tolerate 2.5 Gy",A\nHeart Dmax <= 3 Gy,\n'
    assert b"Save all" in browser.post(url, {"text": good}).content
    assert browser.post(url, {"text": good, "save": "1"}).status_code == 302
    body = b"".join(browser.get(_url(trial), {"format": "csv"}).streaming_content).decode()
    assert '"Heart Dmean <= 2 Gy, tolerate 2.5 Gy",A' in body
    again = browser.post(url, {"text": body}).content
    assert again.count(b"stands already") == 2


def test_copy_from_another_protocol(trial: Trial, browser: Client) -> None:
    from planbank.protocols.actions.constraining import Wish, add
    from planbank.protocols.models import StructureType

    other = trial.rows.protocol("HN-20")
    StructureType.objects.create(protocol=other, name="Heart")
    add(trial.act, other, [Wish("Heart Dmean <= 7 Gy")])
    url = _url(trial, "constraints-several")
    assert b"HN-20" not in browser.get(url).content  # nobody sees it
    trial.rows.grant(trial.user, "key-user", other)
    assert b"Heart Dmean &lt;= 7 Gy" in browser.get(url, {"source": other.pk}).content


def test_a_reader_changes_nothing(trial: Trial, client_of: Callable[..., Client]) -> None:
    from planbank.people.models import User
    from planbank.protocols.levels import See, TakeOut

    reader = User.objects.create(username="reader")
    trial.rows.grant(reader, "reader", trial.protocol, see=See.SUMMARY, take_out=TakeOut.NONE)
    client = client_of(reader)
    assert client.get(_url(trial)).status_code == 200
    assert client.post(_url(trial, "constraint-new"), {"text": "Heart Dmean <= 2 Gy"}).status_code == 403
    assert client.get(_url(trial, "constraints-csv")).status_code == 403
