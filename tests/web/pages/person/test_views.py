"""One person on pages: changed, switched off with all sessions and tokens, and on again (security.md)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from planbank.access.tokens import issue
from planbank.house import House
from planbank.journal.record import Actor
from planbank.people.models import Affiliation, Institution, User
from tests.web.signing_in import sign_in, with_password

ClientOf = Callable[[User | None], Client]


@pytest.fixture
def admin(person_of: Callable[[str], User]) -> User:
    user = person_of("OUH")
    Affiliation.objects.update(is_admin=True)
    return user


@pytest.fixture
def bo(admin: User, bank: House) -> User:
    user = User.objects.create_user("bo", name="Bo Bro")
    ouh = Institution.objects.get(code="OUH")
    Affiliation.objects.create(user=user, institution=ouh, since=bank.clock.now())
    return with_password(user)


def test_switched_off_with_a_page_open_and_a_token(
    admin: User, bo: User, bank: House, client_of: ClientOf
) -> None:
    browser, _ = sign_in(bo)
    who = Actor("command", "test")
    _, text = issue(bo, name="a", scope=None, purpose="b", days=9, actor=who, at=bank.clock.now())
    program = Client(headers={"Authorization": f"Bearer {text}"})
    assert browser.get("/patients/").status_code == 200
    assert program.get("/api/v1/patients").status_code == 200
    client, url = client_of(admin), f"/people/{bo.pk}/"
    page = client.get(f"{url}off/").text
    assert "ends at once" in page
    bo.refresh_from_db()
    assert client.post(f"{url}off/", {"seen": bo.revision, "reason": "left"}).status_code == 302
    assert browser.get("/patients/")["Location"].startswith("/sign-in/")
    assert program.get("/api/v1/patients").status_code == 401
    _, answer = sign_in(bo)
    assert answer["Location"] == "/account/switched-off/" or answer.status_code == 200
    # Undo, as the toast does: they sign in anew; neither session nor token comes back.
    bo.refresh_from_db()
    assert client.post(f"{url}on/?seen={bo.revision}").status_code == 302
    assert browser.get("/patients/")["Location"].startswith("/sign-in/")
    assert program.get("/api/v1/patients").status_code == 401
    again, answer = sign_in(bo)
    assert answer["Location"] == "/" and again.get("/patients/").status_code == 200


def test_switched_off_twice_or_unseen_changes_nothing(admin: User, bo: User, client_of: ClientOf) -> None:
    client, url = client_of(admin), f"/people/{bo.pk}/"
    bo.refresh_from_db()
    assert client.post(f"{url}off/", {"seen": bo.revision}).status_code == 302
    late = client.post(f"{url}off/", {"seen": bo.revision})
    assert late.status_code == 200 and "meanwhile" in late.text
    assert client.post(f"{url}off/", {"seen": "x"}).status_code == 200
    assert client.post(f"{url}on/?seen=1").status_code == 302
    assert not User.objects.get(pk=bo.pk).is_active
    assert client.get(f"{url}on/").status_code == 405


def test_changed_as_seen(admin: User, bo: User, client_of: ClientOf) -> None:
    client, url = client_of(admin), f"/people/{bo.pk}/edit/"
    bo.refresh_from_db()
    given = {"name": "Bo Bang", "email": "bo@example.org", "language": "da", "username": "other"}
    assert client.post(url, {**given, "seen": bo.revision}).status_code == 302
    assert "meanwhile" in client.post(url, {**given, "name": "x", "seen": bo.revision}).text
    bo.refresh_from_db()
    assert (bo.username, bo.name, bo.language) == ("bo", "Bo Bang", "da")
    assert not bo.is_site_admin


def test_of_somebody_who_works_elsewhere_too_only_the_work_here_is_seen_and_ended(
    admin: User, bo: User, bank: House, client_of: ClientOf
) -> None:
    aarhus = Institution.objects.create(code="AUH", name="Aarhus")
    Affiliation.objects.create(user=bo, institution=aarhus, since=bank.clock.now())
    client, url = client_of(admin), f"/people/{bo.pk}/"
    page = client.get(url).text
    assert "works elsewhere too" in page and "AUH" not in page and "Switch off" not in page
    bo.refresh_from_db()
    answer = client.post(f"{url}off/", {"seen": bo.revision})
    assert "elsewhere" in answer.text and User.objects.get(pk=bo.pk).is_active
    assert client.post(f"{url}edit/", {"name": "x", "seen": bo.revision}).status_code == 200
    assert User.objects.get(pk=bo.pk).name == "Bo Bro"


def test_the_system_administrator_makes_no_link_to_an_account_in_use(
    site_admin: User, bo: User, client_of: ClientOf
) -> None:
    client, url = client_of(site_admin), f"/people/{bo.pk}/"
    assert "New one-time link" in client.get(url).text
    sign_in(bo)
    assert "New one-time link" not in client.get(url).text
    client.post(f"{url}link/")
    assert "/welcome/" not in client.get(url).text
