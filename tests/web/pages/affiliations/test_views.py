"""Who works for an institution, on pages: added, renewed, ended; refusals in words (R11, R48, R49)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client

from planbank.house import House
from planbank.people.models import Affiliation, Institution, User
from planbank.people.zones import end_of

ClientOf = Callable[[User | None], Client]


@pytest.fixture
def admin(person_of: Callable[[str], User]) -> User:
    user = person_of("OUH")
    Affiliation.objects.update(is_admin=True)
    return user


@pytest.fixture
def ouh(admin: User) -> Institution:
    return Institution.objects.get()


def test_added_renewed_and_ended(bank: House, admin: User, ouh: Institution, client_of: ClientOf) -> None:
    client, at = client_of(admin), f"/institutions/{ouh.pk}/people/"
    bo = User.objects.create_user("bo", name="Bo Bro", email="bo@example.org")
    today = bank.clock.now().date()
    given = {"who": "BO@example.org", "last_day": today + timedelta(days=100)}
    assert client.post(f"{at}add/", given).status_code == 302
    again = client.post(f"{at}add/", given)
    assert again.status_code == 200 and "works for OUH already" in again.text
    row = Affiliation.objects.get(user=bo)
    assert row.until == end_of(given["last_day"], ouh) and row.granted_by == admin
    assert "Bo Bro" in client.get(f"/institutions/{ouh.pk}/").text
    more = {"last_day": date(2027, 11, 17), "is_admin": "on", "seen": 1}
    assert 'value="2027-11-17"' in client.get(f"{at}{row.pk}/").text  # 12 months are offered
    assert client.post(f"{at}{row.pk}/", more).status_code == 302
    late = client.post(f"{at}{row.pk}/", more)
    assert late.status_code == 200 and "meanwhile" in late.text
    row.refresh_from_db()
    assert row.is_admin and row.until == end_of(date(2027, 11, 17), ouh)
    assert client.post(f"{at}{row.pk}/end/", {"seen": 2, "reason": " "}).status_code == 200
    assert client.post(f"{at}{row.pk}/end/", {"seen": 2, "reason": "left"}).status_code == 302
    assert client.post(f"{at}{row.pk}/end/", {"seen": 2, "reason": "left"}).status_code == 200
    row.refresh_from_db()
    assert row.until == bank.clock.now() and "It is over" in client.get(f"{at}{row.pk}/").text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"who": "nobody"}, "Nobody has an account"),
        ({"who": "%"}, "Nobody has an account"),
        ({"who": "off"}, "switched off"),
        ({"last_day": "2020-01-01"}, "between today and 12 months"),
        ({"last_day": "2040-01-01"}, "between today and 12 months"),
        ({"last_day": "x"}, "valid date"),
        ({"who": "anna.ouh"}, "their own"),
    ],
)
def test_what_cannot_be_is_said(
    wrong: dict[str, str], words: str, admin: User, ouh: Institution, client_of: ClientOf
) -> None:
    User.objects.create_user("bo", name="Bo")
    User.objects.create_user("off", name="Off", is_active=False)
    given = {"who": "bo", "last_day": "2027-01-01", **wrong}
    answer = client_of(admin).post(f"/institutions/{ouh.pk}/people/add/", given)
    assert answer.status_code == 200 and words in answer.text
    assert Affiliation.objects.count() == 1


def test_a_row_of_another_institution_does_not_exist(
    admin: User, ouh: Institution, client_of: ClientOf, person_of: Callable[[str], User]
) -> None:
    theirs = Affiliation.objects.get(user=person_of("AUH"))
    for path in (f"{theirs.pk}/", f"{theirs.pk}/end/"):
        for code in (ouh.pk, theirs.institution_id):
            assert client_of(admin).get(f"/institutions/{code}/people/{path}").status_code == 404


def test_the_last_administrator_is_told(admin: User, ouh: Institution, client_of: ClientOf) -> None:
    row = Affiliation.objects.get()
    url = f"/institutions/{ouh.pk}/people/{row.pk}/end/"
    answer = client_of(admin).post(url, {"seen": 1, "reason": "gone"})
    assert answer.status_code == 200 and "Name another one first" in answer.text
