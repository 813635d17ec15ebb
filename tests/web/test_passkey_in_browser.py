"""Passkeys in a real browser with a virtual authenticator (CDP WebAuthn): made, used, alone, refused."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache

from tests.web.signing_in import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planbank.house import House

CHROMIUM = shutil.which("chromium")
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def page(committed: House) -> Iterator[Any]:
    """Chromium on a running site in which Anna has a password; no script may be refused."""
    from playwright.sync_api import sync_playwright
    from pytest_django.live_server_helper import LiveServer

    from planbank.people.models import User

    cache.clear()
    # Not the fixture of that name: it would empty the database before `committed` may.
    server = LiveServer("localhost")
    User.objects.create_user("anna", PASSWORD, name="Anna Testesen")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(base_url=server.url)
        complaints: list[str] = []
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        yield page
        browser.close()
    server.stop()
    assert complaints == []


def authenticator(page: Any, **differences: Any) -> tuple[Any, str]:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": {**KEY, **differences}})
    return devtools, made["authenticatorId"]


def sign_in(page: Any) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Username").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_load_state()


def sign_out(page: Any) -> None:
    page.goto("/account/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/**")


def make(page: Any, *, alone: bool) -> None:
    page.goto("/account/second-factor/passkeys/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Name", exact=True).fill("blue key")
    if alone:
        page.get_by_label("Let it sign me in alone").check()
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_url("**/codes/")


def test_a_passkey_is_a_second_factor_and_signs_in_alone(page: Any) -> None:
    authenticator(page)
    sign_in(page)
    make(page, alone=True)
    page.goto("/account/second-factor/")
    assert "blue key" in page.inner_text("main") and "signs in alone" in page.inner_text("main")
    sign_out(page)
    sign_in(page)  # the password, then the key
    assert page.url.endswith("/sign-in/code/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    page.goto("/account/")
    assert "Anna Testesen" in page.inner_text("main")


def test_a_key_that_is_not_known_here_opens_nothing(page: Any) -> None:
    devtools, first = authenticator(page)
    sign_in(page)
    make(page, alone=True)
    sign_out(page)
    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": first})
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": {**KEY, "isUserVerified": False}})
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("The passkey was not used").wait_for()
    assert page.goto("/account/").url.endswith("/sign-in/?next=/account/")
