"""Receipts are for the institution that sent; absent for all others; each view is noted (R34, R152)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planbank.catalogue.models import PatientFile, Receipt
from planbank.journal.models import Entry
from planbank.people.models import Institution
from tests.catalogue.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.test import Client

    from planbank.house import House
    from planbank.people.models import User

    ClientOf = Callable[[User | None], Client]
    PersonOf = Callable[[str], User]


@pytest.fixture
def made(bank: House, now: datetime) -> Receipt:
    """A receipt of AUH with something to look at and something well."""
    Rows(now).whole("AUH", "0101501234", 2, name="Mine^Anna")
    file = PatientFile.objects.get(institution__code="AUH")
    lines = [
        {"state": "warn", "code": "no-dose-received", "params": {}, "about": ""},
        {
            "state": "ok",
            "code": "filed",
            "params": {"protocol": "PROTON", "trigger": "<b>T"},
            "about": "PROTON",
        },
    ]
    times = {"made_at": now, "written_at": now, "received_at": now, "final_at": now}
    return Receipt.objects.create(
        patient_file=file,
        institution=Institution.objects.get(code="AUH"),
        sop_instance_uid="1.2.3",
        calling_ae="TPS",
        state="warn",
        lines=lines,
        **times,
    )


def test_mine_is_shown_in_words_and_noted(made: Receipt, client_of: ClientOf, person_of: PersonOf) -> None:
    client = client_of(person_of("AUH"))
    page = client.get(f"/receipts/{made.pk}/").text
    assert "Safely received. 1 thing to look at." in page and "No dose received" in page
    assert "Filed in PROTON" in page and "&lt;b&gt;T" in page and "<b>T" not in page
    assert Entry.objects.filter(action="view", object_kind="receipt", object_id=str(made.pk)).count() == 1
    listed = client.get("/receipts/?state=open")
    assert [row[0].pk for row in listed.context["rows"]] == [made.pk]
    assert client.get("/receipts/?state=ok").context["rows"] == []
    lines = b"".join(client.get("/receipts/?format=csv").streaming_content).decode()
    assert made.number in lines and "Anna" not in lines


def test_of_another_institution_it_is_absent(made: Receipt, client_of: ClientOf, person_of: PersonOf) -> None:
    client = client_of(person_of("OUH"))
    assert client.get(f"/receipts/{made.pk}/").status_code == 404
    assert client.get(f"/receipts/{made.pk + 1}/").status_code == 404
    assert client.get("/receipts/").context["rows"] == []
    lines = b"".join(client.get("/receipts/?format=csv").streaming_content).decode()
    assert made.number not in lines
    assert client_of(None).get(f"/receipts/{made.pk}/").status_code == 302


def test_an_empty_list_says_the_next_step(bank: House, client_of: ClientOf, person_of: PersonOf) -> None:
    assert "No receipt yet" in client_of(person_of("OUH")).get("/receipts/").text
