"""An organiser runs a study on pages; an observer downloads without an account (R103 to R109)."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from planbank.audits.links import VALID_FOR
from planbank.audits.models import AuditStudy, Copy, Link, Return
from planbank.catalogue.models import PatientFile, PlanSet
from planbank.config import load
from planbank.house import House
from planbank.journal.models import Entry
from planbank.messages.models import Message
from planbank.people.models import User
from planbank.protocols.models import Enrolment, Protocol
from tests.audits.rows import copy_of, drawn, give_back, objects, opened, protocol
from tests.protocols.rows import ProtocolRows
from tests.services.running import run_everything

ClientOf = Callable[[User | None], Client]


@pytest.fixture
def of(bank: House) -> Protocol:
    return protocol(bank)


@pytest.fixture
def kira(bank: House, of: Protocol, client_of: ClientOf) -> Client:
    rows = ProtocolRows(bank.clock.now())
    user = rows.user("kira")
    rows.grant(user, "key-user", of)
    return client_of(user)


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_a_study_is_made_chosen_opened_and_closed(bank: House, of: Protocol, kira: Client) -> None:
    start = f"/protocols/{of.pk}/audits/"
    assert "No audit study yet" in kira.get(start).text
    given = {"name": "Pelvis", "purpose": "differences", "organiser": "Mette"}
    types = {one.name: one.pk for one in of.structure_types.all()}
    answer = kira.post(f"{start}new/", given | {"asked": [types["Rectum"]]})
    study = AuditStudy.objects.get()
    assert answer.status_code == 302 and answer["Location"] == f"{start}{study.pk}/cases/"
    assert "of that name" in kira.post(f"{start}new/", given).text
    assert "Choose cases" in kira.get(f"{start}{study.pk}/").text
    plan = PlanSet.objects.get()
    assert f'value="{plan.pk}"' in kira.get(f"{start}{study.pk}/cases/").text
    kira.post(f"{start}{study.pk}/cases/", {"plan": ["x", str(plan.pk)]})
    ouh = ProtocolRows(bank.clock.now()).institution("OUH")
    for bad in ("OUH-1\nouh-1", "OUH-1 no-address", "<b> a@b.dk", "\n"):
        assert 'class="error' in kira.post(
            f"{start}{study.pk}/observers/", {"centre": ouh.pk, "observers": bad}
        ).text.replace("field-error", 'class="error')
    who = {"centre": ouh.pk, "observers": "OUH-1 one@example.org\nOUH-2, two@example.org"}
    kira.post(f"{start}{study.pk}/observers/", who)
    assert "OUH-2" in kira.get(f"{start}{study.pk}/").text and not Copy.objects.exists()
    study.refresh_from_db()
    kira.post(f"{start}{study.pk}/do/open/", {"seen": study.revision + 5})
    study.refresh_from_db()
    assert study.state == "draft", "somebody who saw another revision opens nothing"
    kira.post(f"{start}{study.pk}/do/open/", {"seen": study.revision})
    run_everything(bank)
    assert list(Copy.objects.values_list("state", flat=True)) == ["made", "made"]
    page = kira.get(f"{start}{study.pk}/").text
    assert page.count("Made") >= 2 and "Pelvis" in kira.get("/audits/").text
    assert body(kira.get(f"{start}{study.pk}/?format=csv")).count(b"OUH-1") == 1
    kira.post(f"{start}{study.pk}/edit/", given | {"name": "Pelvis 2", "seen": 1})
    study.refresh_from_db()
    assert study.name == "Pelvis", "an old form changes nothing"
    kira.post(f"{start}{study.pk}/do/close/", {})
    study.refresh_from_db()
    assert study.state == "closed" and study.closed_by is not None
    kira.post(f"{start}{study.pk}/do/open/", {})
    assert Copy.objects.count() == 2, "opened again, nothing is made twice"


def test_a_link_is_taken_once_and_its_page_uses_nothing_up(
    bank: House, of: Protocol, kira: Client, client_of: ClientOf
) -> None:
    study = opened(bank, of)
    copy = copy_of(study, "OUH-1")
    at = f"/protocols/{of.pk}/audits/{study.pk}/copies/{copy.pk}/"
    text = kira.post(f"{at}link/").text
    url = re.search(r"/copies/[\w-]{43}/", text)[0]  # type: ignore[index]
    observer = client_of(None)
    for _twice in range(2):
        assert "can be downloaded once" in observer.get(url).text
    assert Link.objects.get().seen_at is not None
    answer = observer.post(url)
    data = body(answer)
    assert int(answer["Content-Length"]) == len(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None and len(archive.namelist()) == copy.files.count()
    copy.refresh_from_db()
    assert copy.state == "opened" and copy.opened_at
    assert observer.post(url).status_code == observer.get(url).status_code == 410
    assert observer.get("/copies/none-such/").status_code == 410
    assert Entry.objects.filter(action="take audit copy by link").count() == 1
    text = kira.post(f"{at}link/").text
    url = re.search(r"/copies/[\w-]{43}/", text)[0]  # type: ignore[index]
    assert observer.get(url).status_code == 200
    rows = ProtocolRows(bank.clock.now())
    enrolment = rows.enrolment(of, PatientFile.objects.get())
    Enrolment.objects.filter(pk=enrolment.pk).update(state="restricted")
    assert observer.get(url).status_code == 410, "whoever withdrew is copied no more"
    assert "withdrew" in kira.post(f"{at}link/", follow=True).text
    Enrolment.objects.filter(pk=enrolment.pk).update(state="enrolled")
    bank.clock.at += VALID_FOR + timedelta(seconds=1)  # type: ignore[attr-defined]
    assert observer.get(url).status_code == 410


def test_what_waits_is_decided_and_undone(bank: House, of: Protocol, kira: Client) -> None:
    study = opened(bank, of)
    copy = copy_of(study, "OUH-1")
    give_back(bank, drawn(objects(bank, copy), StructureSetLabel="<i>OUH-2</i>"))
    row = Return.objects.get()
    start = f"/protocols/{of.pk}/audits/{study.pk}/"
    page = kira.get(start).text
    assert "Wrong copy" in page and "<i>OUH-2" not in page
    for act, state in (("refuse", "refused"), ("undo", "to decide"), ("file", "filed")):
        given = {"copy": copy.pk, "observer": copy.observer_id, "why": "seen"}
        kira.post(f"{start}returns/{row.pk}/{act}/", given)
        row.refresh_from_db()
        assert row.state == state
    assert "seen" in kira.get(f"{start}copies/{copy.pk}/").text
    kira.post(f"{start}copies/{copy_of(study, 'OUH-2').pk}/withdraw/")
    assert copy_of(study, "OUH-2").state == "withdrawn"
    assert kira.post(f"{start}returns/{row.pk}/nonsense/").status_code == 404


def test_late_observers_are_reminded_once(bank: House, of: Protocol, kira: Client) -> None:
    mail = {"mail_host": "127.0.0.1", "mail_security": "none", "web_url": "https://bank.example"}
    house = replace(bank, settings=load(home=bank.settings.home, **mail))
    apps.get_app_config("web").house = house  # type: ignore[attr-defined]
    study = opened(bank, of)
    kira.post(f"/protocols/{of.pk}/audits/{study.pk}/do/mail-links/")
    assert set(study.copies.values_list("state", flat=True)) == {"sent"}
    assert Message.objects.filter(text__contains="/copies/").count() == 3
    Message.objects.all().delete()
    for _twice in range(2):
        kira.post(f"/protocols/{of.pk}/audits/{study.pk}/do/remind/")
    rows = Message.objects.filter(key__startswith="audit:").order_by("to")
    assert [one.to for one in rows] == ["auh-1@example.org", "ouh-1@example.org", "ouh-2@example.org"]
    assert "OUH-1 for: A." in rows[1].text and "Pelvis" in rows[1].subject
    copy = copy_of(study, "AUH-1")
    assert (
        "auh-1@example.org" in kira.post(f"/protocols/{of.pk}/audits/{study.pk}/copies/{copy.pk}/link/").text
    )
    assert "https://bank.example/copies/" in Message.objects.latest("pk").text
