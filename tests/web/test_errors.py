"""Pages for what went wrong: what happened, what is safe, what to do, signed in or not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from planbank.house import House
    from planbank.people.models import User


@pytest.mark.parametrize("signed_in", [True, False])
def test_hidden_and_absent_read_alike(
    bank: House,
    client_of: Callable[[User | None], Client],
    person_of: Callable[[str], User],
    signed_in: bool,
) -> None:
    browser = client_of(person_of("OUH") if signed_in else None)
    answer = browser.get("/there/is/no/such/page/")
    assert answer.status_code == 404
    assert "You may not see this, or it does not exist" in answer.text
    assert "Nothing was changed." in answer.text
    assert ("To the sign-in page" in answer.text) is not signed_in
    if signed_in:
        hidden = browser.get("/senders/")
        assert hidden.status_code == 404
        assert _plain(hidden.text, "/senders/") == _plain(answer.text, "/there/is/no/such/page/")


def _plain(text: str, path: str) -> str:
    """Without the address asked for and the token that is new on every page."""
    return re.sub(r'(csrfmiddlewaretoken" value=)"\w+"', r"\1", text.replace(path, ""))
