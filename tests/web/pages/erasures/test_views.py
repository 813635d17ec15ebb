"""Erasures on pages: each step by whom the table says, two persons, the proof (R123, R204)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from planbank.erasure.asking import ask
from planbank.erasure.models import Erasure
from planbank.house import House
from planbank.journal.record import Actor, record
from planbank.people.models import User
from planbank.protocols.act import Act
from planbank.protocols.models import Enrolment, Membership, Protocol
from planbank.services.erase import erase_due
from tests.protocols.rows import ProtocolRows

ClientOf = Callable[[User | None], Client]
CPR = "0101501234"


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    row = rows.protocol("BRAIN")
    rows.centre(row, "AUH")
    rows.join(row, rows.small_plan("AUH", CPR))
    Enrolment.objects.update(pseudonym="BRAIN-7")
    for name, role in (("kaya", "key-user"), ("carl", "controller"), ("kim", "key-user")):
        rows.grant(rows.user(name, "VLE"), role, row)
    return row


@pytest.fixture
def asked(brain: Protocol, now: datetime) -> Erasure:
    member = Membership.objects.select_related("patient_file__institution").first()
    assert member is not None
    return ask(Act.of(who("kaya"), now), brain, member.patient_file, "the citizen asked")


def who(name: str) -> User:
    return User.objects.get(username=name)


def state() -> str:
    return str(Erasure.objects.get().state)


def test_asked_decided_confirmed_proved(
    bank: House, asked: Erasure, client_of: ClientOf, site_admin: User
) -> None:
    here = f"/erasures/{asked.pk}/"
    key, controller, admin = client_of(who("kaya")), client_of(who("carl")), client_of(site_admin)
    assert "What goes" in controller.get(here).text
    assert "Allow..." in controller.get(here).text and "Allow..." not in key.get(here).text
    assert key.post(f"{here}decide/", {"reason": "yes"}).status_code in (403, 404) and state() == "asked"
    assert admin.post(f"{here}confirm/", {"typed_number": "2"}).status_code == 200 and state() == "asked"
    assert controller.post(f"{here}decide/", {"reason": " "}).status_code == 200 and state() == "asked"
    assert controller.post(f"{here}decide/", {"reason": "their right"}).status_code == 302
    assert "decided about it before" in controller.post(f"{here}decide/", {"reason": "again"}).text
    assert controller.post(f"{here}confirm/", {"typed_number": "2"}).status_code in (403, 404)
    wrong = admin.post(f"{here}confirm/", {"typed_number": "7"}).text
    assert "There are 2 objects now" in wrong and state() == "decided"
    assert admin.post(f"{here}confirm/", {"typed_number": "2"}).status_code == 302 and state() == "confirmed"
    assert "being carried out" in key.get(here).text
    assert (
        controller.post(f"{here}refuse/", {"reason": "too late"}).status_code == 200
        and state() == "confirmed"
    )
    erase_due(bank)
    proof = controller.get(here).text
    assert "Proof" in proof and "SHA-256 over the tombstones" in proof and "tombstones/" in proof
    assert CPR not in proof and "Holm" not in proof and "BRAIN-7" not in proof
    assert "erased" in key.get("/erasures/").text
    assert controller.post(f"{here}lift/", {"reason": "the wrong patient"}).status_code == 302
    assert "It was lifted before" in controller.post(f"{here}lift/", {"reason": "twice"}).text


def test_who_asked_or_decided_is_no_second_person(
    rows: ProtocolRows, brain: Protocol, asked: Erasure, client_of: ClientOf, now: datetime
) -> None:
    """Also where one account holds all three rights."""
    all_three = User.objects.create_user("tor", name="Tor", is_site_admin=True)
    rows.grant(all_three, "controller", brain)
    client, here = client_of(all_three), f"/erasures/{asked.pk}/"
    assert client.post(f"{here}decide/", {"reason": "yes"}).status_code == 302
    assert "A second person must confirm" in client.get(here).text
    assert client.get(f"{here}confirm/").status_code == 302
    assert "A second person must confirm" in client.post(f"{here}confirm/", {"typed_number": "2"}).text
    assert state() == "decided"


def test_a_refusal_stays_on_record(asked: Erasure, client_of: ClientOf, site_admin: User) -> None:
    here = f"/erasures/{asked.pk}/"
    assert client_of(site_admin).post(f"{here}refuse/", {"reason": "no"}).status_code == 403
    assert client_of(who("carl")).post(f"{here}refuse/", {"reason": "needed by law"}).status_code == 302
    assert state() == "refused" and "needed by law" in client_of(who("kaya")).get(here).text


def test_the_second_person_refuses_what_was_decided(
    asked: Erasure, client_of: ClientOf, site_admin: User
) -> None:
    here = f"/erasures/{asked.pk}/"
    client_of(who("carl")).post(f"{here}decide/", {"reason": "yes"})
    assert client_of(site_admin).post(f"{here}refuse/", {"reason": "not this one"}).status_code == 302
    assert state() == "refused"


def test_hidden_from_others_and_narrowed_grants(
    rows: ProtocolRows, brain: Protocol, asked: Erasure, client_of: ClientOf
) -> None:
    narrowed, other = rows.user("nora", "OUH"), rows.user("olga", "OUH")
    rows.grant(narrowed, "controller", brain, "OUH")
    rows.grant(other, "controller", rows.protocol("LUNG"))
    for user in (narrowed, other):
        client = client_of(user)
        assert "the citizen asked" not in client.get("/erasures/").text
        for rest in ("", "decide/", "refuse/", "lift/"):
            assert client.post(f"/erasures/{asked.pk}/{rest}", {"reason": "x"}).status_code in (404, 405)
    assert client_of(rows.user("rita", "AUH")).get("/erasures/").status_code == 404
    assert state() == "asked"


def test_the_menu_says_what_waits_for_me(asked: Erasure, client_of: ClientOf, site_admin: User) -> None:
    assert "1 waits for you" in client_of(who("carl")).get("/erasures/").text
    assert "waits for you" not in client_of(site_admin).get("/erasures/").text
    client_of(who("carl")).post(f"/erasures/{asked.pk}/decide/", {"reason": "yes"})
    assert "1 waits for you" in client_of(site_admin).get("/erasures/").text


def test_filters_csv_and_empty(asked: Erasure, client_of: ClientOf) -> None:
    client = client_of(who("kim"))
    lines = b"".join(client.get("/erasures/?format=csv")).decode("utf-8-sig").splitlines()  # type: ignore[call-overload]
    assert len(lines) == 2 and "the citizen asked" in lines[1]
    assert "No erasure fits" in client.get("/erasures/?state=done").text
    assert "the citizen asked" in client.get("/erasures/?protocol=brain&institution=auh&state=asked").text
    Erasure.objects.all().delete()
    assert "Nothing was ever asked" in client.get("/erasures/").text


def test_what_left_the_bank_is_counted(bank: House, asked: Erasure, client_of: ClientOf) -> None:
    """Tables of the patient, of its plans, reads by the API, and lists that may hold it; not others'."""
    file = Membership.objects.select_related("patient_file").first().patient_file  # type: ignore[union-attr]
    plan, now, anna = file.plan_sets.get(), bank.clock.now(), Actor("user", "anna")
    record(anna, "take out list", now, object_kind="patient file", object_id=file.pk)
    record(anna, "take out list", now, object_kind="plan set", object_id=plan.pk)
    record(anna, "read by API", now, object_kind="plan set", object_id=plan.pk)
    record(anna, "read by API", now, object_kind="participants", protocol="BRAIN")
    record(anna, "take out list", now, object_kind="plan sets", institution="AUH")
    record(anna, "take out list", now, object_kind="plan sets", institution="OUH")
    record(anna, "take out list", now, object_kind="journal")
    record(anna, "take out list", now, object_kind="patient file", object_id=file.pk + 1)
    text = client_of(who("carl")).get(f"/erasures/{asked.pk}/").text
    assert "2 tables of it taken out" in text and "read 1 time by the API" in text
    assert "2 lists that may hold it" in text
