"""The set-up sheet: everything a centre types in, one A4 page in either language, nothing made up."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from planbank.config import load
from planbank.people.models import Institution, Sender, SenderInstitution, User
from planbank.web.pages.setup import views
from planbank.web.pages.setup.sheet import Sheet, sheet_for
from tests.sending import register_sender

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from planbank.house import House

    ClientOf = Callable[[User | None], Client]


@pytest.fixture
def admin(client_of: ClientOf, site_admin: User) -> Client:
    return client_of(site_admin)


def with_settings(bank: House, **settings: Any) -> House:
    return replace(bank, settings=load(home=bank.settings.home, **settings))


def test_a_senders_sheet_says_what_is_registered(bank: House, admin: Client) -> None:
    register_sender()
    sender = Sender.objects.get()
    aal = Institution.objects.create(code="AAL", name="Aalborg")
    SenderInstitution.objects.create(sender=sender, institution=aal, called_ae="BANK_AAL")
    Sender.objects.update(echo_host="10.0.0.7", echo_port=104)
    text = admin.get(f"/senders/{sender.pk}/setup/").text
    for said in (
        "TPS",
        "10.0.0.0/24",
        "10.0.0.7:104",
        "PLANBANK",
        "BANK_AAL",
        "for data of Aalborg",
        "11112",
    ):
        assert said in text, said


def test_the_blank_sheet_has_lines_to_write_on(bank: House, admin: Client) -> None:
    text = admin.get("/senders/setup/").text
    assert text.count('class="write') == 5, "host, contact and three facts of the system"
    assert "Trigger structure" not in text


def test_host_and_contact_come_from_the_settings(bank: House) -> None:
    sheet = sheet_for(with_settings(bank, dicom_public_host="bank.example", contact="Ada, 12 34"), None)
    assert (sheet.host, sheet.contact) == ("bank.example", "Ada, 12 34")


@pytest.mark.parametrize(
    ("tls", "ports"), [("off", (11112, None)), ("beside", (11112, 2762)), ("only", (None, 2762))]
)
def test_the_ports_that_are_open(bank: House, tls: str, ports: tuple[int | None, int | None]) -> None:
    sheet = sheet_for(with_settings(bank, dicom_tls=tls), None)
    assert (sheet.port, sheet.tls_port) == ports


def test_a_free_port_is_the_one_the_gate_took(bank: House) -> None:
    bank.tray.publish("gate", {"version": 1, "port": 40123, "pid": 1})
    assert sheet_for(with_settings(bank, dicom_port=0), None).port == 40123


def test_in_danish_and_back(bank: House, admin: Client) -> None:
    assert "Hvem man ringer til" in admin.get("/senders/setup/?language=da").text
    assert "Whom to call" in admin.get("/senders/setup/?language=en").text
    assert "Whom to call" in admin.get("/senders/setup/?language=xx").text


def test_a_trigger_has_its_place(bank: House, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_trigger(house: House, sender: Sender | None) -> Sheet:
        return replace(sheet_for(house, sender), trigger_roi="z_SEND_DBCG")

    monkeypatch.setattr(views, "sheet_for", with_trigger)
    text = admin.get("/senders/setup/").text
    assert "Trigger structure" in text and "z_SEND_DBCG" in text


def test_text_from_people_is_text(bank: House, admin: Client) -> None:
    register_sender()
    Sender.objects.update(description="<b>x</b>")
    text = admin.get(f"/senders/{Sender.objects.get().pk}/setup/").text
    assert "<b>x</b>" not in text and "&lt;b&gt;x" in text


def test_for_the_administrator_only(
    bank: House, client_of: ClientOf, person_of: Callable[[str], User]
) -> None:
    assert client_of(person_of("OUH")).get("/senders/setup/").status_code == 404
    assert client_of(None).get("/senders/setup/").status_code in (302, 404)


def test_both_sheets_are_reached_from_the_senders(bank: House, admin: Client) -> None:
    register_sender()
    pk = Sender.objects.get().pk
    assert re.search(r'href="/senders/setup/"', admin.get("/senders/").text)
    assert re.search(rf'href="/senders/{pk}/setup/"', admin.get(f"/senders/{pk}/").text)
