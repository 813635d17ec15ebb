"""Where I am signed in: my own sessions and nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache

from planbank.journal.models import Entry
from planbank.web import sessions
from tests.web.signing_in import sign_in, with_password

if TYPE_CHECKING:
    from planbank.house import House

HERE = "/account/sessions/"


@pytest.fixture(autouse=True)
def _no_limits_left_over() -> None:
    cache.clear()


def test_mine_are_listed_and_ended(bank: House, person_of: Any) -> None:
    anna = with_password(person_of("OUH"))
    here, _ = sign_in(anna, HTTP_USER_AGENT="Blue browser")
    there, _ = sign_in(anna, HTTP_USER_AGENT="<b>Red</b> browser")
    text = here.get(HERE).text
    assert "Blue browser" in text and "&lt;b&gt;Red&lt;/b&gt; browser" in text and "This browser" in text
    answer = here.post(HERE, {"end": "others"}, follow=True)
    assert "1 session was ended." in answer.text and "Red" not in answer.text
    assert there.get(HERE).status_code == 302
    assert Entry.objects.filter(action="end sessions", actor=anna.username).count() == 1
    assert "over already" in here.post(HERE, {"end": "others"}, follow=True).text


def test_those_of_others_are_neither_seen_nor_ended(bank: House, person_of: Any) -> None:
    anna, bo = with_password(person_of("OUH")), with_password(person_of("AUH"))
    mine, _ = sign_in(anna)
    theirs, _ = sign_in(bo, HTTP_USER_AGENT="Browser of Bo")
    number = sessions.of(bo)[0].pk
    assert "Browser of Bo" not in mine.get(HERE).text
    for which in (str(number), "-1", "x", "9" * 30, ""):
        mine.post(HERE, {"end": which})
    assert theirs.get(HERE).status_code == 200


def test_this_one_is_never_ended_here(bank: House, person_of: Any) -> None:
    anna = with_password(person_of("OUH"))
    browser, _ = sign_in(anna)
    browser.post(HERE, {"end": str(sessions.of(anna)[0].pk)})
    assert browser.get(HERE).status_code == 200
