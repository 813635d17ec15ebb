"""Data controllers on pages (R37, R121)."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.protocols.models import DataController

ClientOf = Callable[[User | None], Client]
REGION = {"name": "North Region", "country": "DK", "address": "Road 1", "contact": "dpo@example.org"}


def test_added_changed_and_never_lost(bank: House, site_admin: User, client_of: ClientOf) -> None:
    browser = client_of(site_admin)
    assert "No data controller yet" in browser.get("/controllers/").text
    assert browser.post("/controllers/new/", REGION).status_code == 302
    row = DataController.objects.get()
    assert "already exists" in browser.post("/controllers/new/", REGION).text
    one = f"/controllers/{row.pk}/"
    assert "Two capital letters" in browser.post(one, {**REGION, "country": "d", "seen": "1"}).text
    assert browser.post(one, {**REGION, "name": "First", "seen": "1"}).status_code == 302
    answer = browser.post(one, {**REGION, "name": "Second", "seen": "1"})
    assert "meanwhile" in answer.text and "Second" in answer.text
    row.refresh_from_db()
    assert row.name == "First"
    assert "First" in b"".join(browser.get("/controllers/?format=csv")).decode()
    acts = Entry.objects.filter(object_kind="controller").order_by("pk").values_list("action", flat=True)
    assert list(acts) == ["make controller", "change controller"]


def test_only_the_system_administrator(
    bank: House, person_of: Callable[[str], User], client_of: ClientOf
) -> None:
    for path in ("/controllers/", "/controllers/new/", "/controllers/1/"):
        assert client_of(person_of("OUH")).get(path).status_code == 404
        assert client_of(None).get(path).status_code == 302
