"""Agreements and contacts on pages; they gate the activation (R37, R119)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.protocols.models import Agreement, Contact, DataController, Protocol
from tests.protocols.rows import ProtocolRows

ClientOf = Callable[[User | None], Client]
AGREED = {"kind": "processor", "title": "DPA", "required": "on"}
NAMED = {"name": "Mette Holm", "role": "physicist", "email": "mette@example.org"}


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    row = rows.protocol("BRAIN", status="draft", purpose="study", legal_basis="consent")
    row.controllers.add(DataController.objects.create(name="North Region"))
    return row


@pytest.fixture
def kaya(rows: ProtocolRows, brain: Protocol, client_of: ClientOf) -> Client:
    user = rows.user("kaya")
    rows.grant(user, "key-user", brain)
    return client_of(user)


def url(protocol: Protocol, rest: str = "agreements/") -> str:
    return f"/protocols/{protocol.pk}/{rest}"


def test_the_gate_opens_when_what_is_required_is_signed(brain: Protocol, kaya: Client) -> None:
    assert "No agreement yet" in kaya.get(url(brain)).text
    assert kaya.post(url(brain, "agreements/new/"), AGREED).status_code == 302
    page = kaya.get(url(brain)).text
    assert "It cannot be active yet" in page and "not signed" in page
    assert "Still missing" in kaya.post(url(brain, "activate/"), {"seen": "1"}).text
    row = Agreement.objects.get()
    signed = {**AGREED, "seen": "1", "signed_on": "2026-11-01", "valid_until": "2026-11-30"}
    assert kaya.post(url(brain, f"agreements/{row.pk}/"), signed).status_code == 302
    page = kaya.get(url(brain)).text
    assert "Nothing is missing" in page and "ends soon" in page
    assert kaya.post(url(brain, "activate/"), {"seen": "1"}).status_code == 302
    over = {**signed, "seen": "2", "valid_until": "2026-11-02"}
    kaya.post(url(brain, f"agreements/{row.pk}/"), over)
    assert "something it rests on has gone" in kaya.get(url(brain)).text
    acts = Entry.objects.filter(object_kind="agreement").order_by("pk").values_list("action", "protocol")
    assert [act for act, _name in acts] == ["add agreement", "change agreement", "change agreement"]
    csv = b"".join(kaya.get(f"{url(brain)}?format=csv")).decode()
    assert "DPA" in csv and "ended" in csv


def test_two_editors_and_taking_away(brain: Protocol, kaya: Client) -> None:
    kaya.post(url(brain, "agreements/new/"), AGREED)
    row = Agreement.objects.get()
    one = url(brain, f"agreements/{row.pk}/")
    kaya.post(one, {**AGREED, "title": "First", "seen": "1"})
    answer = kaya.post(one, {**AGREED, "title": "Second", "seen": "1"})
    assert answer.status_code == 200 and "meanwhile" in answer.text and "Second" in answer.text
    assert "meanwhile" in kaya.post(f"{one}away/", {"seen": "1"}).text
    assert kaya.get(f"{one}away/").status_code == 200
    assert kaya.post(f"{one}away/", {"seen": "2"}).status_code == 302
    assert not Agreement.objects.exists()
    assert Entry.objects.get(action="take agreement away").detail["title"] == "First"
    assert kaya.post(f"{one}away/", {"seen": "2"}).status_code == 404


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"title": ""}, "required"),
        ({"kind": "handshake"}, "handshake"),
        ({"institution": "999999"}, "valid choice"),
        ({"signed_on": "2026-11-02", "valid_until": "2026-11-01"}, "cannot end before"),
        ({"signed_on": "32 May"}, "date"),
    ],
)
def test_what_cannot_be(brain: Protocol, kaya: Client, change: dict[str, Any], says: str) -> None:
    answer = kaya.post(url(brain, "agreements/new/"), {**AGREED, **change})
    assert answer.status_code == 200 and says in answer.text
    assert not Agreement.objects.exists()


def test_sent_twice_is_one(brain: Protocol, kaya: Client) -> None:
    kaya.post(url(brain, "agreements/new/"), AGREED)
    assert kaya.post(url(brain, "agreements/new/"), AGREED).status_code == 200
    kaya.post(url(brain, "contacts/new/"), NAMED)
    assert kaya.post(url(brain, "contacts/new/"), NAMED).status_code == 200
    assert (Agreement.objects.count(), Contact.objects.count()) == (1, 1)


def test_contacts_are_named_changed_and_taken_away(
    brain: Protocol, kaya: Client, rows: ProtocolRows, client_of: ClientOf
) -> None:
    kaya.post(url(brain, "contacts/new/"), {**NAMED, "name": "<b>Mette"})
    row = Contact.objects.get()
    one = url(brain, f"contacts/{row.pk}/")
    page = kaya.get(one).text
    assert "<b>Mette" not in page
    seen = page.split('name="seen" value="')[1].split('"')[0]
    assert kaya.post(one, {**NAMED, "seen": seen}).status_code == 302
    assert "meanwhile" in kaya.post(one, {**NAMED, "name": "Other", "seen": seen}).text
    row.refresh_from_db()
    assert row.name == "Mette Holm"
    lapsed = rows.user("lars")
    rows.grant(lapsed, "reader", brain, until=rows.at)
    refused = client_of(lapsed).get(url(brain, ""))
    assert refused.status_code == 403 and "Mette Holm" in refused.text, "told with the refusal"
    away = kaya.get(f"{one}away/").text.split('name="seen" value="')[1].split('"')[0]
    assert kaya.post(f"{one}away/", {"seen": away}).status_code == 302
    assert not Contact.objects.exists()


def test_only_its_key_users_and_only_its_rows(
    brain: Protocol, kaya: Client, rows: ProtocolRows, client_of: ClientOf, site_admin: User
) -> None:
    other = rows.protocol("OTHER")
    foreign = Agreement.objects.create(protocol=other, kind="processor", title="theirs")
    reader = rows.user("rita")
    rows.grant(reader, "reader", brain, see=2)
    for rest in ("agreements/", "agreements/new/", "contacts/new/"):
        assert client_of(site_admin).get(url(brain, rest)).status_code == 403
        assert client_of(reader).get(url(brain, rest)).status_code == 403
        assert kaya.get(url(other, rest)).status_code == 404
    for rest in ("", "away/"):
        assert kaya.get(url(brain, f"agreements/{foreign.pk}/{rest}")).status_code == 404
        assert kaya.post(url(brain, f"agreements/{foreign.pk}/{rest}"), {"seen": "1"}).status_code == 404
        assert kaya.get(url(brain, f"contacts/999999/{rest}")).status_code == 404
    assert Agreement.objects.get().title == "theirs"
