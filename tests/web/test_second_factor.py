"""Second factors: an app's codes, recovery codes, and a site that asks everybody for one (OWASP ASVS 6)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.test import Client

from planbank.journal.models import Entry
from planbank.people.models import User
from tests.web.signing_in import SECOND_FACTOR, code, set_up_app, show_again, sign_in, with_password

if TYPE_CHECKING:
    from planbank.house import House


INLINE = r"<script(?![^>]*(\ssrc=|type=\"application/json\"))|<style|\sstyle=|\son\w+="


@pytest.fixture(autouse=True)
def _no_limits_left_over() -> None:
    cache.clear()


@pytest.fixture
def anna(bank: House, person_of: Any) -> User:
    user: User = with_password(person_of("OUH"))
    return user


def signed_in(browser: Client) -> bool:
    return browser.get("/account/").status_code == 200


def test_with_an_app_the_password_alone_opens_nothing(
    anna: User, django_capture_on_commit_callbacks: Any
) -> None:
    browser, _ = sign_in(anna)
    with django_capture_on_commit_callbacks(execute=True):
        secret = set_up_app(browser)
    other, answer = sign_in(anna)
    assert answer["Location"] == "/sign-in/code/"
    assert not signed_in(other)
    assert "One more step" in other.get("/sign-in/code/").text
    assert other.post("/sign-in/code/", {"code": "000000"}).status_code == 200
    assert not signed_in(other)
    assert other.post("/sign-in/code/", {"code": code(secret)})["Location"] == "/"
    assert signed_in(other)
    done = list(Entry.objects.filter(actor=anna.username).order_by("pk").values_list("action", "outcome"))
    assert ("add second factor", "done") in done
    assert done[-2:] == [("sign-in", "refused"), ("sign-in", "done")]


def test_a_code_works_once(anna: User) -> None:
    browser, _ = sign_in(anna)
    secret = set_up_app(browser)
    shown = code(secret, 1)
    first, _ = sign_in(anna)
    first.post("/sign-in/code/", {"code": shown})
    second, _ = sign_in(anna)
    second.post("/sign-in/code/", {"code": shown})
    assert signed_in(first) and not signed_in(second)


def test_a_recovery_code_works_once(anna: User) -> None:
    browser, _ = sign_in(anna)
    set_up_app(browser)
    codes = re.findall(r"\b\d{8}\b", browser.get(f"{SECOND_FACTOR}codes/").text)
    assert len(codes) == 10
    file = browser.get(f"{SECOND_FACTOR}codes/file/")
    assert codes[0] in file.text and file["Cache-Control"].startswith("max-age=0")
    first, _ = sign_in(anna)
    first.post("/sign-in/code/", {"code": codes[0]})
    second, _ = sign_in(anna)
    second.post("/sign-in/code/", {"code": codes[0]})
    assert signed_in(first) and not signed_in(second)


def test_the_app_is_removed_only_by_who_signed_in_just_now(anna: User) -> None:
    browser, _ = sign_in(anna)
    set_up_app(browser)
    session = browser.session
    session["account_authentication_methods"] = [
        {**record, "at": record["at"] - 3600} for record in session["account_authentication_methods"]
    ]
    session.save()
    asked = browser.get(f"{SECOND_FACTOR}app/remove/")
    assert "/again/" in asked["Location"]
    assert "Is it you?" in browser.get("/account/again/").text
    _, answer = sign_in(anna)
    assert answer["Location"] == "/sign-in/code/"
    show_again(browser, f"{SECOND_FACTOR}app/remove/")
    assert browser.post(f"{SECOND_FACTOR}app/remove/").status_code == 302
    _, answer = sign_in(anna)
    assert answer["Location"] == "/"


def test_pages_carry_no_inline_script_or_style(anna: User) -> None:
    browser, _ = sign_in(anna)
    pages = [browser.get(f"{SECOND_FACTOR}app/").text, browser.get("/sign-in/").text]
    set_up_app(browser)
    for path in ("", "app/remove/", "codes/", "codes/new/", "passkeys/add/"):
        answer = browser.get(f"{SECOND_FACTOR}{path}")
        assert answer.status_code == 200, path
        pages.append(answer.text)
    other, _ = sign_in(anna)
    pages.append(other.get("/sign-in/code/").text)
    for text in pages:
        assert not re.search(
            r"<script(?![^>]*(\ssrc=|type=\"application/json\"))|<style|\sstyle=|\son\w+=", text
        )
        assert "data:image" not in text


@pytest.fixture
def asked_of_all(bank: House) -> House:
    import dataclasses

    settings = bank.settings.model_copy(update={"second_factor": "required"})
    house = dataclasses.replace(bank, settings=settings)
    apps.get_app_config("web").house = house  # type: ignore[attr-defined]
    return house


def test_a_site_may_ask_everybody_for_one(asked_of_all: House, anna: User) -> None:
    browser, _ = sign_in(anna)
    for path in ("/", "/account/", "/patients/", "/account/sessions/"):
        assert browser.get(path)["Location"] == SECOND_FACTOR, path
    assert "asks everybody for a second factor" in browser.get(SECOND_FACTOR).text
    set_up_app(browser)
    assert browser.get("/").status_code == 200
    assert browser.post(f"{SECOND_FACTOR}app/remove/").status_code == 302
    assert browser.get("/")["Location"] == SECOND_FACTOR


def test_who_has_none_may_still_sign_out(asked_of_all: House, anna: User) -> None:
    browser, _ = sign_in(anna)
    assert browser.post("/sign-out/").status_code == 302
    assert browser.get("/")["Location"].startswith("/sign-in/")


def test_a_site_may_ask_administrators_only(
    bank: House, anna: User, site_admin: User, person_of: Any
) -> None:
    import dataclasses

    from planbank.people.models import Affiliation

    settings = bank.settings.model_copy(update={"second_factor": "admins"})
    apps.get_app_config("web").house = dataclasses.replace(bank, settings=settings)  # type: ignore[attr-defined]
    chief = with_password(person_of("AUH"))
    Affiliation.objects.filter(user=chief).update(is_admin=True)
    for user, asked in ((anna, False), (chief, True), (with_password(site_admin), True)):
        browser, _ = sign_in(user)
        assert (browser.get("/account/").status_code == 302) is asked, user.username
    assert "asks administrators" in browser.get(SECOND_FACTOR).text
    set_up_app(browser)
    assert browser.get("/account/").status_code == 200
