"""People on pages: who sees whom, and inviting by a link that is shown once (R11, R49)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from planbank.house import House
from planbank.people.models import Affiliation, Institution, User

ClientOf = Callable[[User | None], Client]
NEW = {"username": "bo", "name": "Bo Bro", "email": "bo@example.org"}


@pytest.fixture
def admin(person_of: Callable[[str], User]) -> User:
    user = person_of("OUH")
    Affiliation.objects.update(is_admin=True)
    return user


def link_in(text: str) -> str:
    found = re.search(r'value="(http[^"]*/welcome/[^"]+)"', text)
    return found[1] if found else ""


def test_each_sees_their_own_people(
    admin: User, site_admin: User, client_of: ClientOf, person_of: Callable[[str], User]
) -> None:
    other = person_of("AUH")
    page = client_of(site_admin).get("/people/").text
    assert all(who.name in page for who in (admin, other, site_admin))
    page = client_of(admin).get("/people/").text
    assert admin.name in page and other.name not in page and site_admin.name not in page
    assert client_of(admin).get(f"/people/{other.pk}/").status_code == 404
    assert client_of(other).get("/people/").status_code == 404
    csv = b"".join(client_of(admin).get("/people/?format=csv")).decode()
    assert "anna.ouh" in csv and "anna.auh" not in csv
    for query, names in (
        ("q=AUH", []),
        ("state=never", []),
        ("state=off", []),
        ("institution=OUH", [admin.name]),
    ):
        text = client_of(admin).get(f"/people/?{query}").text
        assert (f"/people/{admin.pk}/" in text) is bool(names), query


def test_invited_by_a_link_that_is_shown_once_and_works_once(admin: User, client_of: ClientOf) -> None:
    client, ouh = client_of(admin), Institution.objects.get()
    answer = client.post("/people/new/", {**NEW, "institution": ouh.pk})
    user = User.objects.get(username="bo")
    assert answer["Location"] == f"/people/{user.pk}/"
    page = client.get(answer["Location"]).text
    address = link_in(page)
    assert address and not link_in(client.get(answer["Location"]).text)
    again = client.post("/people/new/", {**NEW, "institution": ouh.pk})
    assert again.status_code == 200 and "already exists" in again.text
    assert User.objects.filter(username="bo").count() == Affiliation.objects.filter(user=user).count() == 1
    path = address[address.index("/welcome/") :]
    password = "seven small boats at noon"
    guest = Client()
    assert "Welcome, Bo Bro" in guest.get(path).text
    assert guest.post(path, {"new_password1": password, "new_password2": password}).status_code == 302
    assert Client().get(path).status_code == 410
    assert guest.post("/sign-in/", {"login": "bo", "password": password})["Location"] == "/"
    assert "OUH" in guest.get("/account/").text


def test_a_new_link_ends_the_one_before(admin: User, client_of: ClientOf) -> None:
    client, ouh = client_of(admin), Institution.objects.get()
    client.post("/people/new/", {**NEW, "institution": ouh.pk})
    user = User.objects.get(username="bo")
    first = link_in(client.get(f"/people/{user.pk}/").text)
    assert client.post(f"/people/{user.pk}/link/").status_code == 302
    second = link_in(client.get(f"/people/{user.pk}/").text)
    statuses = [Client().get(one[one.index("/welcome/") :]).status_code for one in (first, second)]
    assert statuses == [410, 200]


def test_an_institutions_administrator_invites_for_it_only(
    admin: User, client_of: ClientOf, person_of: Callable[[str], User]
) -> None:
    person_of("AUH")
    aarhus = Institution.objects.get(code="AUH")
    for institution in (aarhus.pk, ""):
        answer = client_of(admin).post("/people/new/", {**NEW, "institution": institution})
        assert answer.status_code == 200
    answer = client_of(admin).post(
        "/people/new/", {**NEW, "institution": Institution.objects.get(code="OUH").pk, "is_site_admin": "on"}
    )
    assert not User.objects.get(username="bo").is_site_admin


def test_the_system_administrator_names_the_first_administrator(
    site_admin: User, client_of: ClientOf, bank: House, person_of: Callable[[str], User]
) -> None:
    empty = Institution.objects.create(code="NEW", name="New")
    person_of("OUH")
    Affiliation.objects.update(is_admin=True)
    client = client_of(site_admin)
    page = client.get(f"/people/new/?institution={empty.pk}").text
    assert "NEW, New" in page and "OUH, Hospital" not in page
    assert client.post("/people/new/", {**NEW, "institution": empty.pk}).status_code == 302
    assert Affiliation.objects.get(institution=empty).is_admin
    # without an institution too: an account that shows nothing
    assert client.post("/people/new/", {"username": "cilla", "name": "Cilla"}).status_code == 302
    bad = {"username": "Not A Name", "name": "x"}
    assert "Use small letters" in client.post("/people/new/", bad).text
