"""Destinations on pages: asked for by key users, confirmed and tested by administrators (R89)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from planbank.delivery.models import Destination
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.protocols.models import Agreement, Protocol
from tests.protocols.rows import ProtocolRows
from tests.services.forward.peers import Receiver, free_port
from tests.services.forward.rows import destination_at, protocol_with

ClientOf = Callable[[User | None], Client]


@pytest.fixture
def proton(bank: House) -> Protocol:
    return protocol_with(bank)


@pytest.fixture
def kaya(bank: House, proton: Protocol, now: datetime, client_of: ClientOf) -> Client:
    rows = ProtocolRows(now - timedelta(days=1))
    user = rows.user("kaya", "AUH")
    rows.grant(user, "key-user", proton)
    return client_of(user)


def asked(proton: Protocol, **changes: object) -> dict[str, object]:
    dcpt = Agreement.objects.get(protocol=proton).institution
    assert dcpt is not None
    given = {
        "name": "Proton centre",
        "institution": dcpt.pk,
        "ae_title": "PROTON",
        "host": "node.example",
        "port": "2762",
        "tls": "on",
        "purpose": "To decide about protons",
    }
    return {**given, **changes}


def test_a_key_user_asks_and_an_administrator_confirms(
    proton: Protocol, kaya: Client, client_of: ClientOf, site_admin: User
) -> None:
    page = f"/protocols/{proton.pk}/destinations/"
    assert kaya.get("/destinations/").status_code == 404
    assert kaya.post(page + "ask/", asked(proton)).status_code == 302
    row = Destination.objects.get()
    assert row.confirmed_at is None and "has not been confirmed" in kaya.get(page).content.decode()
    admin = client_of(site_admin)
    assert "waits to be confirmed" in admin.get("/destinations/").content.decode()
    admin.post(f"/destinations/{row.pk}/confirm/")
    row.refresh_from_db()
    assert row.confirmed_by == site_admin and "has not been confirmed" not in kaya.get(page).content.decode()
    done = set(Entry.objects.values_list("action", flat=True))
    assert {"register destination", "confirm destination"} <= done


def test_what_is_wrong_is_said_at_its_field(proton: Protocol, client_of: ClientOf, site_admin: User) -> None:
    admin = client_of(site_admin)
    for field, value in [
        ("host", "a b"),
        ("port", "70000"),
        ("fingerprint", "12:34"),
        ("ae_title", "PLANBANK"),
        ("ae_title", "A\\B"),
        ("purpose", ""),
    ]:
        answer = admin.post("/destinations/new/", asked(proton, **{field: value}))
        assert answer.status_code == 200 and field in answer.context["form"].errors
    assert not Destination.objects.exists()
    assert admin.post("/destinations/new/", asked(proton)).status_code == 302
    again = admin.post("/destinations/new/", asked(proton))
    assert "registered already" in again.content.decode()


def test_of_two_who_change_it_the_later_is_told(
    bank: House, proton: Protocol, client_of: ClientOf, site_admin: User
) -> None:
    row, admin = destination_at(bank, 104), client_of(site_admin)
    where = f"/destinations/{row.pk}/"
    assert admin.post(where, asked(proton, revision=1, host="one.example")).status_code == 302
    assert "meanwhile" in admin.post(where, asked(proton, revision=1, host="two.example")).content.decode()
    row.refresh_from_db()
    assert row.host == "one.example"


def test_the_way_is_tested_and_said_in_words(
    bank: House, proton: Protocol, client_of: ClientOf, site_admin: User
) -> None:
    admin, peer = client_of(site_admin), Receiver().start()
    try:
        row = destination_at(bank, peer.port)
        where = f"/destinations/{row.pk}/test/"
        assert (
            "it is there and knows us" in admin.post(where, headers={"hx-request": "true"}).content.decode()
        )
        Destination.objects.update(ae_title="OTHER")
        said = admin.post(where, headers={"hx-request": "true"}).content.decode()
        assert "not called by this AE title" in said
    finally:
        peer.stop()
    Destination.objects.update(port=free_port())
    assert "nothing listens" in admin.post(where, headers={"hx-request": "true"}).content.decode()
    outcomes = Entry.objects.filter(action="echo").order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == ["done", "failed", "failed"]


def test_paused_and_switched_off(
    bank: House, proton: Protocol, client_of: ClientOf, site_admin: User
) -> None:
    row, admin = destination_at(bank, 104), client_of(site_admin)
    for act, paused, active in [
        ("pause", True, True),
        ("resume", False, True),
        ("off", False, False),
        ("on", False, True),
    ]:
        assert admin.post(f"/destinations/{row.pk}/{act}/").status_code == 302
        row.refresh_from_db()
        assert (row.is_paused, row.is_active) == (paused, active)
        assert admin.get(f"/destinations/{row.pk}/").status_code == 200
    assert admin.post(f"/destinations/{row.pk}/delete/").status_code == 404
    assert admin.get(f"/destinations/{row.pk}/pause/").status_code == 405
