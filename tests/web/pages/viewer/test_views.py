"""The page of the viewer: who may open it, and what it names (R97, R98)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from planbank.web.pages.viewer import words
from planbank.web.pages.viewer.views import MODULES
from tests.catalogue.plan_rows import PlanRows

if TYPE_CHECKING:
    from datetime import datetime

    from django.test import Client

    from planbank.house import House
    from planbank.people.models import User

Seat = Callable[["User | None"], "Client"]


@pytest.fixture
def rows(bank: House, now: datetime) -> PlanRows:
    return PlanRows(now)


def test_one_who_may_see_the_plan_gets_its_viewer_and_keeps_nothing(rows: PlanRows, client_of: Seat) -> None:
    plan_set = rows.whole_plan("AUH", label="Mam sin LK")
    anna = client_of(rows.user("anna", "AUH"))
    answer = anna.get(f"/plans/{plan_set.pk}/viewer/")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    page = answer.content.decode()
    assert "<bdi>Mam sin LK</bdi>" in page
    assert all(f"/static/js/viewer/{name}" in page for name in MODULES if name != "worker.js")
    plan = anna.get(f"/plans/{plan_set.pk}/").content.decode()
    assert f'href="/plans/{plan_set.pk}/viewer/"' in plan


def test_hidden_and_absent_answer_alike(rows: PlanRows, client_of: Seat) -> None:
    plan_set = rows.whole_plan("AUH", label="Mam sin LK")
    other = client_of(rows.user("ole", "OUH"))
    assert other.get(f"/plans/{plan_set.pk}/viewer/").status_code == 404
    assert other.get("/plans/987654/viewer/").status_code == 404


def test_only_plans_of_the_same_patient_are_offered_beside_it(rows: PlanRows, client_of: Seat) -> None:
    plan_set = rows.whole_plan("AUH", label="Mam sin LK")
    second = rows.plan_set(plan_set.patient_file, label="Boost")
    rows.plan_set(rows.file("AUH", sent_id="other"), label="Somebody else's")
    page = client_of(rows.user("anna", "AUH")).get(f"/plans/{plan_set.pk}/viewer/?with={second.pk}")
    assert f'<option value="{second.pk}" selected>Boost</option>' in page.content.decode()
    assert "Somebody else" not in page.content.decode()


def test_every_word_has_one_key() -> None:
    keys = [key for key, _text in words.words()]
    assert len(keys) == len(set(keys))
