"""The unassigned pages: dates, reasons, keeping longer, deleting soon (R31, R39, R200)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from planbank.catalogue.models import PatientFile
from planbank.erasure.ageing import look
from planbank.erasure.models import Ageing, KeepLonger
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from tests.protocols.rows import ProtocolRows
from tests.sending import ct, deposit, register_sender
from tests.services.running import run_everything

ClientOf = Callable[[User | None], Client]


@pytest.fixture
def file(bank: House) -> PatientFile:
    register_sender("OUH")
    deposit(bank, ct(PatientID="0101509995", PatientName="Kanariesen^Zoeg"))
    run_everything(bank)
    return PatientFile.objects.get()


@pytest.fixture
def mona(bank: House, file: PatientFile, client_of: ClientOf) -> Client:
    return client_of(ProtocolRows(bank.clock.now() - timedelta(days=1)).user("mona", "OUH"))


def test_the_list_says_when_it_goes_and_why(bank: House, file: PatientFile, mona: Client) -> None:
    body = mona.get("/unassigned/").content.decode()
    assert f"{bank.clock.now() + timedelta(days=180):%Y-%m-%d}" in body
    assert "Nobody filed it, and no trigger took it." in body
    assert "Kanariesen, Zoeg" in body
    sheet = b"".join(mona.get("/unassigned/?format=csv").streaming_content)  # type: ignore[attr-defined]
    assert b"0101509995" in sheet
    assert "Nothing fits" in mona.get("/unassigned/?goes=7").content.decode()


def test_an_empty_list_says_so(bank: House, mona: Client) -> None:
    Ageing.objects.all().delete()
    assert "Everything stands in a protocol" in mona.get("/unassigned/").content.decode()


def test_others_see_nothing_of_it(bank: House, file: PatientFile, client_of: ClientOf) -> None:
    other = client_of(ProtocolRows(bank.clock.now()).user("olga", "AUH"))
    assert "Kanariesen" not in other.get("/unassigned/").content.decode()
    for path in ("", "keep/", "delete/"):
        assert other.get(f"/unassigned/{file.pk}/{path}").status_code == 404
    for path in ("keep/undo/", "delete/undo/"):
        assert other.post(f"/unassigned/{file.pk}/{path}").status_code == 404


def test_kept_longer_with_a_reason_and_undone(bank: House, file: PatientFile, mona: Client) -> None:
    usual = Ageing.objects.get().goes_at
    day = (bank.clock.now() + timedelta(days=300)).date()
    address = f"/unassigned/{file.pk}/keep/"
    assert b"This field is required" in mona.post(address, {"until": day}).content
    past = bank.clock.now().date() - timedelta(days=1)
    assert "within the next year" in mona.post(address, {"until": past, "reason": "x"}).content.decode()
    assert mona.post(address, {"until": day, "reason": "trial opens in May"}).status_code == 302
    assert Ageing.objects.get().goes_at > usual
    assert Entry.objects.get(action="keep unassigned longer").actor == "mona"
    assert "trial opens in May" in mona.get(f"/unassigned/{file.pk}/").content.decode()
    mona.post(f"/unassigned/{file.pk}/keep/undo/")
    assert Ageing.objects.get().goes_at == usual
    assert KeepLonger.objects.get().undone_by is not None


def test_deleted_soon_and_undone(bank: House, file: PatientFile, mona: Client) -> None:
    address = f"/unassigned/{file.pk}/delete/"
    assert "24 hours" in mona.get(address).content.decode()
    mona.post(address, {"reason": "sent by mistake"})
    assert Ageing.objects.get().goes_at == bank.clock.now() + timedelta(days=1)
    assert "Deletion asked for" in mona.get(f"/unassigned/{file.pk}/").content.decode()
    mona.post(f"/unassigned/{file.pk}/delete/undo/")
    assert Ageing.objects.get().asked_at is None
    bank.clock.at += timedelta(days=2)  # type: ignore[attr-defined]
    said = mona.post(f"/unassigned/{file.pk}/delete/undo/", follow=True).content.decode()
    assert "too late" in said


def test_each_view_is_journalled(bank: House, file: PatientFile, mona: Client) -> None:
    mona.get(f"/unassigned/{file.pk}/")
    assert Entry.objects.filter(action="view", object_id=str(file.pk)).count() == 1


def test_looking_again_changes_nothing(bank: House, file: PatientFile) -> None:
    before = Ageing.objects.values().get()
    look(bank, file.pk)
    assert Ageing.objects.values().get() == before
