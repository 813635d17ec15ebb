"""Single sign-on against a real OpenID Connect provider on a socket (Core 1.0, PKCE by RFC 7636)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.test import Client, override_settings

from planbank.config import load
from planbank.errors import SettingsError
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.web.settings import django_settings
from tests.oidc_provider import SECRET, Provider, serve

BACK = "/sign-in/single/back/"


CLAIMS: dict[str, dict[str, Any]] = {
    "anna": {"email": "Anna@example.org", "email_verified": True, "name": "Anna A"},
    "unverified": {"email": "anna@example.org", "email_verified": False},
    "quoted": {"email": "anna@example.org", "email_verified": "false"},
    "silent": {"email": "anna@example.org"},
    "stranger": {"email": "s@example.org", "email_verified": True, "preferred_username": "Ada!"},
    "nameless": {},
}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serve(Provider(CLAIMS, f"http://testserver{BACK}")) as running:
        yield running


@contextmanager
def site(bank: House, provider: Provider, **more: Any) -> Iterator[None]:
    """The site with this provider."""
    secret = bank.settings.home / "oidc.secret"
    secret.write_text(f"{SECRET}\n")
    told = {
        "oidc_url": provider.issuer,
        "oidc_client_id": "planbank",
        "oidc_client_secret_file": secret,
        **more,
    }
    settings = load(home=bank.settings.home, oidc_name="the hospital", **told)
    apps.get_app_config("web").house = dataclasses.replace(bank, settings=settings)  # type: ignore[attr-defined]
    with override_settings(
        SOCIALACCOUNT_PROVIDERS=django_settings(settings, "postgresql://x/x", "x")["SOCIALACCOUNT_PROVIDERS"]
    ):
        yield


@pytest.fixture
def with_provider(bank: House, provider: Provider) -> Iterator[None]:
    with site(bank, provider):
        yield


@pytest.fixture
def anna(bank: House) -> User:
    return User.objects.create_user("anna", name="Anna", email="anna@example.org")


def way_back(browser: Client, provider: Provider, sub: str, start: str = "/sign-in/single/") -> str:
    """To the provider, say there who one is ('' denies); the address that leads back."""
    there = urlsplit(browser.get(start)["Location"])
    assert f"{there.scheme}://{there.netloc}{there.path}" == f"{provider.issuer}/authorize"
    parts = urlsplit(provider.authorize(dict(parse_qsl(there.query)), sub))
    return f"{parts.path}?{parts.query}"


def come_back(browser: Client, provider: Provider, sub: str, start: str = "/sign-in/single/") -> Any:
    """There and back; the site's answer."""
    return browser.get(way_back(browser, provider, sub, start))


def signed_in_as(browser: Client) -> str:
    answer = browser.get("/account/")
    return str(answer.context["person"].username) if answer.status_code == 200 else ""


@pytest.mark.usefixtures("with_provider")
def test_an_invited_person_is_known_by_verified_address_then_by_subject(
    provider: Provider, anna: User
) -> None:
    assert "Sign in with the hospital" in Client().get("/sign-in/").text
    browser = Client()
    assert come_back(browser, provider, "anna")["Location"] == "/"
    assert signed_in_as(browser) == "anna"
    assert SocialAccount.objects.get().user == anna and not SocialAccount.objects.get().extra_data
    assert browser.post("/sign-out/").status_code == 302 and signed_in_as(browser) == ""
    # Known by the subject from now on: another address changes nothing.
    User.objects.filter(pk=anna.pk).update(email="other@example.org")
    again = Client()
    come_back(again, provider, "anna", "/sign-in/single/?next=/journal/")
    assert signed_in_as(again) == "anna" and not SocialAccount.objects.get().extra_data
    acts = list(Entry.objects.order_by("pk").values_list("action", "actor", "outcome"))
    assert acts[:2] == [("join single sign-on", "anna", "done"), ("sign-in", "anna", "done")]


@pytest.mark.usefixtures("with_provider")
@pytest.mark.parametrize("sub", ["unverified", "quoted", "silent", "stranger", "nameless"])
def test_who_was_not_invited_or_is_not_verified_comes_no_further(
    provider: Provider, anna: User, sub: str
) -> None:
    browser = Client()
    answer = come_back(browser, provider, sub)
    assert answer.status_code == 403 and "No account for you here" in answer.text
    assert signed_in_as(browser) == "" and not SocialAccount.objects.exists()
    assert User.objects.count() == 1
    assert Entry.objects.filter(action="sign-in", actor="unknown", outcome="refused").count() == 1


def test_a_site_may_trust_its_providers_addresses(bank: House, provider: Provider, anna: User) -> None:
    with site(bank, provider, oidc_trusts_email=True):
        browser = Client()
        come_back(browser, provider, "silent")
        assert signed_in_as(browser) == "anna"


@pytest.mark.usefixtures("with_provider")
def test_an_address_of_two_is_nobodys(provider: Provider, anna: User) -> None:
    User.objects.create_user("second", name="Second", email="ANNA@example.org")
    assert come_back(Client(), provider, "anna").status_code == 403


@pytest.mark.usefixtures("with_provider")
def test_who_is_switched_off_is_told_so(provider: Provider, anna: User) -> None:
    User.objects.filter(pk=anna.pk).update(is_active=False)
    browser = Client()
    assert come_back(browser, provider, "anna")["Location"] == "/account/switched-off/"
    assert signed_in_as(browser) == ""
    assert Entry.objects.get(action="sign-in").outcome == "refused"


def test_a_site_may_let_strangers_have_an_account_that_sees_nothing(bank: House, provider: Provider) -> None:
    User.objects.create_user("ada", name="The real Ada", is_site_admin=True)
    with site(bank, provider, oidc_creates=True):
        browser = Client()
        come_back(browser, provider, "stranger")
        made = User.objects.get(email="s@example.org")
        assert signed_in_as(browser) == made.username != "ada"
        assert not made.is_site_admin and not made.has_usable_password()
        assert "Nothing yet" in browser.get("/account/").text
        come_back(Client(), provider, "stranger")
        assert User.objects.count() == 2


@pytest.mark.usefixtures("with_provider")
def test_forged_and_old_answers_sign_nobody_in(provider: Provider, anna: User) -> None:
    browser = Client()
    for query in ("", "?code=x", "?code=x&state=y", "?error=access_denied", "?error=server_error&state=z"):
        answer = browser.get(f"{BACK}{query}")
        assert answer.status_code in (400, 403) and "You are not signed in" in answer.text, query
    forged = re.sub("code=[^&]+", "code=forged", way_back(browser, provider, "anna"))
    assert browser.get(forged).status_code == 400
    # Another's answer in one's own browser: the state is not of this session.
    theirs = way_back(Client(), provider, "anna")
    assert browser.get(theirs).status_code == 400
    assert come_back(browser, provider, "").status_code == 400
    answer = way_back(browser, provider, "anna")
    assert browser.get(answer).status_code == 302 and browser.post("/sign-out/").status_code == 302
    assert browser.get(answer).status_code == 400  # sent twice it signs in once
    # Userinfo about somebody else than the signed token (Core 5.3.2).
    provider.userinfo_sub = "stranger"
    assert come_back(browser, provider, "anna").status_code == 400
    assert signed_in_as(browser) == ""


@pytest.mark.usefixtures("with_provider")
def test_nothing_else_of_an_address_counts(
    provider: Provider, anna: User, client_of: Callable[[User], Client]
) -> None:
    other = User.objects.create_user("bo", name="Bo")
    browser = client_of(other)
    come_back(browser, provider, "anna", "/sign-in/single/?process=connect&auth_params=prompt%3Dnone&scope=x")
    assert signed_in_as(browser) == "anna"
    assert SocialAccount.objects.get().user == anna
    assert (
        come_back(Client(), provider, "anna", "/sign-in/single/?next=https://evil.example/")["Location"]
        == "/"
    )


def test_without_a_provider_there_is_none(bank: House) -> None:
    for path in ("/sign-in/single/", f"{BACK}?code=x&state=y"):
        assert Client().get(path).status_code == 404
    assert "/sign-in/single/" not in Client().get("/sign-in/").text


def test_a_provider_that_is_away_leaves_passwords(bank: House) -> None:
    with site(bank, Provider({}, "", issuer="http://127.0.0.1:9")):
        answer = Client().get("/sign-in/single/")
    assert answer.status_code == 502 and "a password works meanwhile" in answer.text


def test_who_showed_a_second_factor_there_is_not_asked_here(
    bank: House, provider: Provider, anna: User
) -> None:
    with site(bank, provider, second_factor="required", oidc_has_second_factor=True):
        browser = Client()
        come_back(browser, provider, "anna")
        assert signed_in_as(browser) == "anna"
    with site(bank, provider, second_factor="required"):
        browser = Client()
        come_back(browser, provider, "anna")
        assert browser.get("/account/")["Location"] == "/account/second-factor/"


@pytest.mark.parametrize("wrong", ["http://idp.example.org", "idp.example.org", "ftp://x", "https://"])
def test_the_way_to_the_provider_is_sealed(wrong: str, tmp_path: Any) -> None:
    with pytest.raises(SettingsError, match="https"):
        load(home=tmp_path, oidc_url=wrong)


@pytest.mark.usefixtures("with_provider")
def test_the_same_subject_of_another_provider_is_somebody_else(
    bank: House, provider: Provider, anna: User
) -> None:
    come_back(Client(), provider, "anna")
    with serve(Provider({"anna": {}}, provider.redirect)) as other, site(bank, other):
        assert come_back(Client(), other, "anna").status_code == 403


@pytest.mark.usefixtures("with_provider")
def test_another_secret_signs_nobody_in(bank: House, provider: Provider, anna: User) -> None:
    secret = bank.settings.home / "wrong.secret"
    secret.write_text("guessed")
    with site(bank, provider, oidc_client_secret_file=secret):
        assert come_back(Client(), provider, "anna").status_code == 400
