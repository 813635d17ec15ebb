"""A forgotten password: a link by mail, the same answer to everybody (security.md, enumeration; R116)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.apps import apps
from django.core.cache import cache
from django.test import Client

from planbank.config import load
from planbank.house import House
from planbank.journal.models import Entry
from planbank.messages.models import Message
from planbank.people.models import User
from planbank.services.notify.run import notify_once
from tests.mail_server import Taken, mail_server
from tests.web.signing_in import PASSWORD, sign_in, with_password

NEW = "nine red kites over the fjord"
URL = "/sign-in/forgotten/"


@pytest.fixture(autouse=True)
def _no_limits_left_over() -> None:
    cache.clear()


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
def posting(bank: House, taken: Taken) -> Iterator[House]:
    """A house whose mail goes to a real mail server."""
    with mail_server(taken) as port:
        mail = {"mail_host": "127.0.0.1", "mail_port": port, "mail_security": "none"}
        settings = load(home=bank.settings.home, web_url="https://bank.example", **mail)
        house = replace(bank, settings=settings)
        apps.get_app_config("web").house = house  # type: ignore[attr-defined]
        yield house


@pytest.fixture
def anna(bank: House) -> User:
    return with_password(User.objects.create_user("anna", name="Anna", email="anna@example.org"))


def links(taken: Taken) -> list[str]:
    texts = [str(mail.get_body(("plain",)).get_content()) for mail in taken.mails]  # type: ignore[union-attr]
    return [found[1] for text in texts if (found := re.search(r"https://bank\.example(/\S+)", text))]


def set_new(path: str, password: str = NEW) -> int:
    return Client().post(path, {"new_password1": password, "new_password2": password}).status_code


def test_a_link_by_mail_sets_another_password_once_and_ends_sessions(
    posting: House, taken: Taken, anna: User
) -> None:
    browser, _ = sign_in(anna)
    assert "Forgotten your password?" in Client().get("/sign-in/").text
    assert "Look into your mail" in Client().post(URL, {"email": "ANNA@example.org"}).text
    notify_once(posting)
    assert taken.to == ["anna@example.org"] and taken.mails[0]["Subject"] == "A new password for planbank"
    (path,) = links(taken)
    assert path.startswith(URL)
    assert "Set a new password" in Client().get(path).text
    assert set_new(path, "short") == 200 and browser.get("/account/").status_code == 200
    assert set_new(path) == 302
    assert browser.get("/account/")["Location"].startswith("/sign-in/")
    assert set_new(path) == 410 and "Ask for another link" in Client().get(path).text
    assert sign_in(anna)[1].status_code == 200  # the old one opens nothing
    assert sign_in(anna, NEW)[1]["Location"] == "/"
    assert PASSWORD not in str(taken.mails[0])


def test_the_answer_tells_nobody_who_has_an_account(posting: House, anna: User) -> None:
    User.objects.create_user("off", name="Off", email="off@example.org", is_active=False)
    pages = set()
    for email in ("anna@example.org", "nobody@example.org", "off@example.org"):
        answer = Client().post(URL, {"email": email})
        text = re.sub(r'value="[A-Za-z0-9]{64}"', "", answer.text)
        pages.add((answer.status_code, text, tuple(sorted(answer.headers.items()))))
    assert len(pages) == 1
    assert [one.to for one in Message.objects.all()] == ["anna@example.org"]
    told = Entry.objects.filter(action="ask for a new password").order_by("pk")
    assert [(one.actor, one.outcome) for one in told] == [
        ("anna", "done"),
        ("unknown", "refused"),
        ("unknown", "refused"),
    ]
    assert not any("@" in str(one.detail) for one in told)


def test_a_link_ends_after_an_hour_and_with_what_it_was_made_for(
    posting: House, taken: Taken, anna: User
) -> None:
    from datetime import timedelta

    from planbank.house import FixedClock

    Client().post(URL, {"email": anna.email})
    notify_once(posting)
    (path,) = links(taken)
    assert Client().get(path).status_code == 200
    # Neither another's number nor a link of another kind is one.
    assert Client().get(path.replace(URL, "/welcome/")).status_code == 410
    assert Client().get(f"{path[:-4]}xyz/").status_code == 410
    assert Client().get(f"{URL}AAAA/1-2/").status_code == 410
    later = replace(posting, clock=FixedClock(posting.clock.now() + timedelta(minutes=61)))
    apps.get_app_config("web").house = later  # type: ignore[attr-defined]
    assert Client().get(path).status_code == 410
    apps.get_app_config("web").house = posting  # type: ignore[attr-defined]
    sign_in(anna)
    assert Client().get(path).status_code == 410


def test_asked_again_and_again_it_is_throttled(posting: House, anna: User) -> None:
    for email in (anna.email, "nobody@example.org"):
        statuses = [Client().post(URL, {"email": email}).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429], email
    assert Message.objects.count() == 3


@pytest.mark.parametrize("email", ["", "x", "a@b\nBcc: c@d.example", "a" * 300 + "@example.org"])
def test_what_is_no_address_is_said(posting: House, email: str) -> None:
    answer = Client().post(URL, {"email": email})
    assert answer.status_code == 200 and "Look into your mail" not in answer.text
    assert not Message.objects.exists()


def test_a_site_without_mail_says_whom_to_ask(bank: House, anna: User) -> None:
    assert "Forgotten your password?" not in Client().get("/sign-in/").text
    assert "sends no mail" in Client().get(URL).text
    assert "sends no mail" in Client().post(URL, {"email": anna.email}).text
    assert not Message.objects.exists()
