"""People with passwords and apps, for tests of signing in: codes are computed here (RFC 6238)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
from typing import TYPE_CHECKING, Any

from django.test import Client

if TYPE_CHECKING:
    from planbank.people.models import User

PASSWORD = "seven small boats at noon"
SECOND_FACTOR = "/account/second-factor/"


def code(secret: str, steps: int = 0) -> str:
    """What an app shows `steps` periods of 30 s from now: RFC 6238 on HMAC-SHA-1, six digits."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + steps), hashlib.sha1).digest()
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def with_password(user: User) -> User:
    """The person with a password of theirs."""
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


def sign_in(user: User, password: str = PASSWORD, **headers: Any) -> tuple[Client, Any]:
    """A browser that sent the sign-in form, and the answer."""
    browser = Client(**headers)
    return browser, browser.post("/sign-in/", {"login": user.username, "password": password})


def show_again(browser: Client, path: str) -> None:
    """Type the password once more, as what guards the account asks of everybody."""
    assert "/again/" in browser.get(path)["Location"]
    assert browser.post(f"/account/again/?next={path}", {"password": PASSWORD})["Location"] == path


def set_up_app(browser: Client) -> str:
    """Set up an app in a browser that is signed in; the secret."""
    show_again(browser, f"{SECOND_FACTOR}app/")
    form = browser.get(f"{SECOND_FACTOR}app/")
    assert form.status_code == 200, form.headers.get("Location")
    found = re.search(r"No camera\?.*?>([A-Z2-7]{16,})<", form.text, re.DOTALL)
    assert found is not None
    answer = browser.post(f"{SECOND_FACTOR}app/", {"code": code(found[1])})
    assert answer.status_code == 302
    return found[1]
