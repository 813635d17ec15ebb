"""Sessions: a new key at sign-in, listed, ended, and none left to an account switched off (ASVS 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.test import Client

from planbank.people.models import User
from planbank.web import sessions
from tests.web.signing_in import PASSWORD, sign_in, with_password

if TYPE_CHECKING:
    from planbank.house import House


@pytest.fixture(autouse=True)
def _no_limits_left_over() -> None:
    cache.clear()


@pytest.fixture
def anna(bank: House, person_of: Any) -> User:
    user: User = with_password(person_of("OUH"))
    return user


def test_a_session_from_before_is_not_the_one_after(anna: User) -> None:
    browser = Client()
    session = browser.session
    session["planted"] = "by somebody else"
    session.save()
    before = session.session_key
    browser.cookies["sessionid"] = before
    browser.post("/sign-in/", {"login": anna.username, "password": PASSWORD})
    assert browser.cookies["sessionid"].value != before
    thief = Client()
    thief.cookies["sessionid"] = before
    assert thief.get("/account/").status_code == 302


def test_signing_out_ends_the_session_on_the_server(anna: User) -> None:
    browser, _ = sign_in(anna)
    key = browser.cookies["sessionid"].value
    browser.post("/sign-out/")
    browser.cookies["sessionid"] = key
    assert browser.get("/account/").status_code == 302


def test_an_account_switched_off_has_no_session_now_or_later(anna: User) -> None:
    browser, _ = sign_in(anna)
    User.objects.filter(pk=anna.pk).update(is_active=False)
    assert browser.get("/account/").status_code == 302
    assert sessions.end(anna) == 1
    User.objects.filter(pk=anna.pk).update(is_active=True)
    assert browser.get("/account/").status_code == 302


def test_others_can_be_kept_out_one_by_one(anna: User) -> None:
    one, two, three = (sign_in(anna)[0] for _ in range(3))
    kept = two.cookies["sessionid"].value
    assert len(sessions.of(anna)) == 3
    first = next(row for row in sessions.of(anna) if row.session_key == one.cookies["sessionid"].value)
    assert sessions.end(anna, keep=kept, only=first.pk) == 1
    assert [browser.get("/account/").status_code for browser in (one, two, three)] == [302, 200, 200]
    assert sessions.end(anna, keep=kept) == 1
    assert [browser.get("/account/").status_code for browser in (two, three)] == [200, 302]
