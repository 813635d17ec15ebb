"""From invitation to switching off, on a running bank in a real browser (R11, R49, R116; security.md).

An administrator invites, the person sets a password by the link and sees what they should; then the
account is switched off while they have a page open and a token: the next request of either is refused.
A forgotten password comes by a real mail server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.journeys.browse import people
from tests.journeys.live import Live
from tests.mail_server import Taken, mail_server

PASSWORD, ANOTHER = "seven small boats at noon", "nine red kites over the fjord"
MORE = """
[[user]]
username = "chief"
name = "Carla Chief"
institutions = ["OUH"]
administers = ["OUH"]
"""


@pytest.fixture(scope="module")
def mails() -> Taken:
    return Taken()


@pytest.fixture(scope="module")
def mailing(tmp_path_factory: pytest.TempPathFactory, mails: Taken) -> Iterator[Live]:
    """A running bank that sends mail."""
    with mail_server(mails) as port:
        bank = Live(tmp_path_factory.mktemp("live") / "home")
        bank.env |= {
            "PLANBANK_MAIL_HOST": "127.0.0.1",
            "PLANBANK_MAIL_PORT": str(port),
            "PLANBANK_MAIL_SECURITY": "none",
            "PLANBANK_WEB_URL": bank.url,
        }
        try:
            bank.up()
            bank.apply()
            bank.apply(MORE)
            yield bank
        finally:
            bank.down()


def status_of(url: str, token: str) -> int:
    try:
        with urlopen(Request(url, headers={"Authorization": f"Bearer {token}"}), timeout=30) as answer:
            return int(answer.status)
    except HTTPError as exc:
        return exc.code


def set_password(person: Any, url: str, password: str) -> None:
    person.page.goto(url)
    person.page.fill("input[name=new_password1]", password)
    person.page.fill("input[name=new_password2]", password)
    person.page.click("form button.primary")
    person.page.wait_for_url("**/sign-in/")


def test_invited_at_work_forgotten_and_switched_off(mailing: Live, mails: Taken) -> None:
    mailing.set_password("chief", PASSWORD)
    with people(mailing.url) as seat:
        chief, bo = seat(), seat()
        chief.sign_in("chief", PASSWORD)
        chief.follow("People", within="nav")
        chief.follow("Invite")
        page = chief.page
        page.fill("input[name=name]", "Bo Bro")
        page.fill("input[name=username]", "bo")
        page.fill("input[name=email]", "bo@example.org")
        page.click("form button.primary:has-text('Make account and link')")
        link = page.input_value("#one-time-link")
        assert link.startswith(f"{mailing.url}/welcome/")
        page.reload()
        assert page.locator("#one-time-link").count() == 0
        assert chief.axe() == []

        set_password(bo, link, PASSWORD)
        bo.sign_in("bo", PASSWORD)
        assert "OUH" in bo.open("/account/")
        assert bo.status("/patients/") == 200 and bo.status("/people/") == 404
        # Who forgot the password gets a link by mail; it ends the session that was open.
        guest = seat()
        guest.open("/sign-in/")
        guest.follow("Forgotten your password?")
        guest.page.fill("input[name=email]", "Bo@example.org")
        guest.page.click("form button.primary")
        assert "Look into your mail" in guest.text()
        mailing.until(lambda: "bo@example.org" in mails.to, 120, "no mail came")
        text = str(mails.mails[-1].get_body(("plain",)).get_content())  # type: ignore[union-attr]
        found = re.search(r"http\S+/sign-in/forgotten/\S+", text)
        assert found is not None
        set_password(guest, found[0], ANOTHER)
        assert bo.status("/patients/") == 302
        bo.sign_in("bo", ANOTHER)

        token = mailing.run("token", "bo", "--purpose", "a notebook").stdout.split()[-1]
        assert status_of(f"{mailing.url}/api/v1/patients", token) == 200
        bo.open("/patients/")
        chief.follow("People", within="nav")
        chief.follow("Bo Bro")
        chief.follow("Switch off")
        chief.page.click("form button.danger")
        assert "sessions and tokens have ended" in chief.text()
        assert bo.status("/patients/") == 302
        bo.page.reload()
        assert bo.page.url.startswith(f"{mailing.url}/sign-in/")
        assert status_of(f"{mailing.url}/api/v1/patients", token) == 401
        chief.page.click("button.undo")
        assert "Bo Bro can sign in again" in chief.text()
        bo.sign_in("bo", ANOTHER)
        assert status_of(f"{mailing.url}/api/v1/patients", token) == 401
