"""The dictionary's pages: nothing is saved before it was shown, and everything can be undone (R56 to R67)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from planbank.people.models import User
from planbank.protocols.levels import See
from tests.naming.trial import Trial


def _url(trial: Trial, name: str = "dictionary", *more: int) -> str:
    return reverse(name, args=[trial.protocol.pk, *more])


def _rule(trial: Trial, entry: str) -> dict[str, object]:
    trial.dictionary.refresh_from_db()
    edition = trial.dictionary.edition
    return {"entry": entry, "type": trial.type("Cord").pk, "institution": "", "edition": edition}


def test_r67_a_rule_on_trial_changes_nothing_and_tells_what_it_would(trial: Trial, browser: Client) -> None:
    trial.rule("Medulla", "Cord")
    trial.plan("AUH", "0101010001", "Medulla", "SpinalCord")
    trial.plan("OUH", "0101010002", "SpinalCord")
    page = browser.get(_url(trial), _rule(trial, "SpinalC*")).content.decode()
    assert "SpinalCord" in page
    assert "Doubles 1 plan" in page
    assert "Save rule anyway" in page
    assert trial.entries() == ["Medulla"]


def test_save_undo_and_the_csv(trial: Trial, browser: Client) -> None:
    page = browser.post(_url(trial), _rule(trial, "Medulla*"), follow=True).content.decode()
    assert trial.entries() == ["Medulla*"]
    assert _url(trial, "dictionary-undo", 1) in page
    body = b"".join(browser.get(_url(trial), {"format": "csv"}))  # type: ignore[arg-type]
    assert b"Medulla*,Cord,All institutions" in body
    browser.post(_url(trial, "dictionary-undo", 1))
    assert trial.entries() == []


def test_two_people_at_once_the_second_keeps_what_was_typed(trial: Trial, browser: Client) -> None:
    mine = _rule(trial, "Medulla")
    trial.rule("Rygmarv", "Cord")
    page = browser.post(_url(trial), mine).content.decode()
    assert "What you typed is still here" in page
    assert 'value="Medulla"' in page
    assert trial.entries() == ["Rygmarv"]
    trial.dictionary.refresh_from_db()
    browser.post(_url(trial), {**mine, "edition": trial.dictionary.edition})
    assert trial.entries() == ["Medulla", "Rygmarv"]


@pytest.mark.parametrize(
    "wrong",
    [{"entry": "   "}, {"entry": "x" * 300}, {"type": "999999"}, {"type": "x"}, {"institution": "7'--"}],
)
def test_bad_input_is_told_at_its_field_and_nothing_is_saved(
    trial: Trial, browser: Client, wrong: dict[str, str]
) -> None:
    answer = browser.post(_url(trial), {**_rule(trial, "Medulla"), **wrong})
    assert answer.status_code == 200
    assert b"error" in answer.content
    assert trial.entries() == []


def test_a_rule_is_ended_after_it_was_shown_what_is_lost(trial: Trial, browser: Client) -> None:
    trial.rule("Medulla", "Cord")
    trial.plan("AUH", "0101010001", "Medulla")
    pk = trial.dictionary.rules.get().pk
    assert b"Matched no more" in browser.get(_url(trial, "dictionary-end"), {"rule": pk}).content
    browser.post(_url(trial, "dictionary-end"), {"rule": pk})
    assert trial.entries() == []
    assert b"Medulla" in browser.get(_url(trial, "dictionary-history")).content
    assert browser.get(_url(trial, "dictionary-end"), {"rule": pk}).status_code == 404


def test_an_import_is_shown_before_it_is_saved(trial: Trial, browser: Client) -> None:
    trial.type("Cord")
    text = "Entry;StructType;Institution\nMedulla;Cord;\n=cmd;Cord;AUH\nx;Liver;\n"
    file = SimpleUploadedFile("rules.csv", text.encode())
    answer = browser.post(_url(trial, "dictionary-import"), {"file": file, "edition": 0})
    assert b"There is no structure type of this name." in answer.content
    assert trial.entries() == []
    browser.post(_url(trial, "dictionary-import"), {"text": text, "edition": 0, "save": "1"})
    assert trial.entries() == ["=cmd", "Medulla"]


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"a,b\n1,2", b'Entry,StructType\n"x'])
def test_what_is_no_table_is_told(trial: Trial, browser: Client, body: bytes) -> None:
    file = SimpleUploadedFile("rules.csv", body)
    answer = browser.post(_url(trial, "dictionary-import"), {"file": file, "edition": 0})
    assert answer.status_code == 200
    assert b"error" in answer.content


def test_rules_and_types_of_another_protocol_are_taken_over(trial: Trial, browser: Client) -> None:
    trial.rule("Medulla", "Cord")
    target = trial.rows.protocol("HN-20")
    trial.rows.grant(trial.user, "key-user", target, see=See.PSEUDONYMISED)
    url = reverse("dictionary-copy", args=[target.pk])
    assert b"Cord" in browser.get(url, {"source": trial.protocol.pk}).content
    browser.post(url, {"source": trial.protocol.pk, "edition": 0})
    assert [row.entry for row in target.dictionary.rules.all()] == ["Medulla"]
    assert [row.name for row in target.structure_types.all()] == ["Cord"]


def test_types_are_made_changed_and_retired(trial: Trial, browser: Client) -> None:
    url = _url(trial, "dictionary-types")
    browser.post(url, {"name": "Lung_L", "need": "required", "edition": 0})
    browser.post(url, {"name": "Lung_R", "need": "optional", "edition": 1})
    browser.post(url, {"name": "Lungs", "need": "optional", "expression": "Lung_L + Lung_R", "edition": 2})
    assert trial.protocol.structure_types.count() == 3
    answer = browser.post(url, {"name": "X", "need": "optional", "expression": "Liver +", "edition": 3})
    assert b"error" in answer.content
    left = trial.protocol.structure_types.get(name="Lung_R")
    browser.post(url, {"type": left.pk, "name": "Lung_Right", "need": "optional", "edition": 3})
    left.refresh_from_db()
    assert left.name == "Lung_R"  # part of Lungs by that name
    both = trial.protocol.structure_types.get(name="Lungs")
    browser.post(_url(trial, "dictionary-retire"), {"type": both.pk})
    both.refresh_from_db()
    assert both.retired_at


def test_names_that_may_not_be_shown_are_counted_and_not_told(trial: Trial, browser: Client) -> None:
    """model.md, the name rule: one patient's own name of a ROI."""
    trial.type("Cord")
    trial.plan("AUH", "0101010001", "Hansens tumor")
    page = browser.get(_url(trial), _rule(trial, "*tumor")).content.decode()
    assert "Hansens" not in page
    assert "names that may not be shown" in page


def test_who_may_only_look_finds_no_form(trial: Trial, client_of: Callable[[User], Client]) -> None:
    reader = User.objects.create(username="reader")
    trial.rows.grant(reader, "reader", trial.protocol, see=See.PSEUDONYMISED)
    trial.rule("Medulla", "Cord")
    browser = client_of(reader)
    page = browser.get(_url(trial)).content.decode()
    assert "Medulla" in page
    assert "Save rule" not in page
    assert browser.post(_url(trial), _rule(trial, "Rygmarv")).status_code == 403
    assert browser.get(_url(trial, "dictionary-import")).status_code == 403
    assert trial.entries() == ["Medulla"]
