"""Signing in tells nobody who has an account, counts the real client, and speaks one's language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.test import Client, override_settings

from planbank.people.models import User
from planbank.web.accounts import ClosedAccounts
from tests.web.signing_in import PASSWORD, sign_in, with_password

if TYPE_CHECKING:
    from planbank.house import House


@pytest.fixture(autouse=True)
def _no_limits_left_over() -> None:
    cache.clear()


def without_changing_parts(text: str, typed: str) -> str:
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text)
    return text.replace(typed, "WHO")


def test_a_wrong_password_and_nobody_answer_alike(bank: House, person_of: Any) -> None:
    anna = with_password(person_of("OUH"))
    off = with_password(person_of("AUH"))
    User.objects.filter(pk=off.pk).update(is_active=False)
    answers = []
    for name in (anna.username, "nobody.here", off.username):
        cache.clear()
        answer = Client().post("/sign-in/", {"login": name, "password": "not the password"})
        answers.append((answer.status_code, without_changing_parts(answer.text, name)))
    assert answers[0] == answers[1] == answers[2]


def test_the_language_of_the_account_comes_with_the_sign_in(bank: House, person_of: Any) -> None:
    anna = with_password(person_of("OUH"))
    User.objects.filter(pk=anna.pk).update(language="da")
    browser, _ = sign_in(anna)
    assert '<html lang="da"' in browser.get("/account/").text


def guesses(name: str, forwarded: str, number: int = 11) -> list[bool]:
    """Whether each wrong guess was turned away for coming too often."""
    turned = []
    for n in range(number):
        form = {"login": f"{name}{n}", "password": "not the password"}
        answer = Client().post("/sign-in/", form, headers={"X-Forwarded-For": forwarded})
        turned.append("Too many" in answer.text or answer.status_code == 429)
    return turned


def test_without_trusted_proxies_the_header_is_not_believed(bank: House) -> None:
    assert guesses("a", "198.51.100.1")[-1]
    assert guesses("b", "198.51.100.2", 1) == [True]  # another header, the same client


@override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1)
def test_behind_a_proxy_the_client_it_saw_is_counted(bank: House, person_of: Any) -> None:
    assert guesses("a", "10.9.9.9, 198.51.100.1")[-1]
    assert guesses("b", "10.8.8.8, 198.51.100.1", 1) == [True]  # what the client wrote itself is ignored
    assert guesses("c", "10.9.9.9, 198.51.100.2", 1) == [False]


@override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=2)
def test_what_came_past_the_proxies_counts_as_from_where_it_came(bank: House, rf: Any) -> None:
    request = rf.get("/", headers={"X-Forwarded-For": "198.51.100.1"}, REMOTE_ADDR="192.0.2.7")
    assert ClosedAccounts(request).get_client_ip(request) == "192.0.2.7"


def test_nobody_signs_up(bank: House) -> None:
    for path in ("/signup/", "/account/signup/", "/accounts/signup/", "/password/reset/"):
        assert Client().get(path).status_code == 404
    assert PASSWORD not in Client().get("/sign-in/").text
