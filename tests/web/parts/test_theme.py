"""The choice of light and dark."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from planbank.web.parts.theme import set_theme, theme_of

ASK = RequestFactory()


@pytest.mark.parametrize("chosen", ["auto", "light", "dark"])
def test_a_choice_is_kept_in_the_cookie_and_leads_back(chosen: str) -> None:
    answer = set_theme(ASK.post("/theme/", {"theme": chosen, "next": "/plans/?q=x"}))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/plans/?q=x")
    assert answer.cookies["theme"].value == chosen
    assert answer.cookies["theme"]["samesite"] == "Lax"


@pytest.mark.parametrize(
    "away", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""]
)
def test_the_way_back_never_leads_to_another_site(away: str) -> None:
    assert set_theme(ASK.post("/theme/", {"theme": "dark", "next": away})).headers["Location"] == "/"


def test_what_is_no_theme_is_refused() -> None:
    assert set_theme(ASK.post("/theme/", {"theme": '"><b>'})).status_code == 400


def test_only_a_post_changes_it() -> None:
    assert set_theme(ASK.get("/theme/?theme=dark")).status_code == 405


@pytest.mark.parametrize(
    ("cookie", "theme"), [("dark", "dark"), ("light", "light"), ('x"', "auto"), ("", "auto")]
)
def test_a_cookie_is_believed_only_if_it_is_a_theme(cookie: str, theme: str) -> None:
    request = ASK.get("/")
    request.COOKIES["theme"] = cookie
    assert theme_of(request) == theme
