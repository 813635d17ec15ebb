"""My notices are mine alone; what I choose is what I am told (R33)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.apps import apps

from planbank.config import load
from planbank.messages.models import Choice, Event, Notice, Telephone
from planbank.people.models import Institution

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.test import Client

    from planbank.house import House
    from planbank.people.models import User

    ClientOf = Callable[[User | None], Client]
    PersonOf = Callable[[str], User]


def told(user: User, now: datetime, **params: str) -> None:
    institution = Institution.objects.get(code="AUH")
    event = Event.objects.create(at=now, kind="refused", institution=institution, params=params)
    Notice.objects.create(event=event, user=user, made_at=now)


def test_what_came_is_listed_escaped_and_marked_as_seen(
    bank: House, client_of: ClientOf, person_of: PersonOf, now: datetime
) -> None:
    mine, other = person_of("AUH"), person_of("OUH")
    told(mine, now, calling_ae="<script>TPS", reason="cut short")
    client = client_of(mine)
    page = client.get("/notices/").text
    assert "&lt;script&gt;TPS" in page and "<script>TPS" not in page
    assert client.get("/").context["inbox"]["count"] == 1
    assert client.post("/notices/").status_code == 302
    assert client.get("/").context["inbox"]["count"] == 0
    assert "TPS" not in client_of(other).get("/notices/").text


def with_ways(bank: House) -> House:
    settings = load(home=bank.settings.home, mail_host="smtp.example", text_url="json://sms.example/{number}")
    house = replace(bank, settings=settings)
    apps.get_app_config("web").house = house
    return house


def test_choices_are_kept_and_defaults_are_not(bank: House, client_of: ClientOf, person_of: PersonOf) -> None:
    with_ways(bank)
    mine = person_of("AUH")
    client = client_of(mine)
    form = client.get("/account/notices/").context["form"]
    data = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    changed = {**data, "refused_email": "now", "refused_text": "now", "number": "+4512345678"}
    assert client.post("/account/notices/", changed).status_code == 302
    kept = set(Choice.objects.filter(user=mine).values_list("kind", "channel", "how"))
    assert kept == {("refused", "email", "now"), ("refused", "text", "now")}
    assert Telephone.objects.get(user=mine).number == "+4512345678"
    client.post("/account/notices/", {**data, "number": ""})
    assert not Choice.objects.exists() and not Telephone.objects.exists()


def test_a_number_that_is_none_is_told_and_nothing_is_kept(
    bank: House, client_of: ClientOf, person_of: PersonOf
) -> None:
    with_ways(bank)
    client = client_of(person_of("AUH"))
    form = client.get("/account/notices/").context["form"]
    data = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    for bad in ("12345678", "+45 12 34 56 78", "+45/../x", "+4512345678\r\n"):
        answer = client.post("/account/notices/", {**data, "refused_email": "never", "number": bad})
        if bad.strip() == "+4512345678":
            continue  # outer white space is trimmed, as everywhere
        assert answer.status_code == 200 and "with its country" in answer.text, bad
    assert Choice.objects.count() <= 1


def test_without_a_mail_server_the_page_says_so(
    bank: House, client_of: ClientOf, person_of: PersonOf
) -> None:
    assert "no mail server" in client_of(person_of("AUH")).get("/account/notices/").text
