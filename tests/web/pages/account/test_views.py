"""My account: what it says of me, and that only mine changes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from planbank.people.models import Affiliation, Institution, User

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from planbank.house import House


def test_anonymous_is_sent_to_the_sign_in(bank: House, client_of: Callable[[User | None], Client]) -> None:
    answer = client_of(None).get("/account/")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/account/")


def test_it_says_what_opens_data_now(
    bank: House, client_of: Callable[[User | None], Client], person_of: Callable[[str], User]
) -> None:
    anna = person_of("OUH")
    ended = Institution.objects.create(code="AAL", name="Aalborg")
    week = timedelta(days=7)
    now = bank.clock.now()
    Affiliation.objects.create(user=anna, institution=ended, since=now - 2 * week, until=now - week)
    page = client_of(anna).get("/account/").text
    assert "Hospital OUH" in page
    assert "AAL" not in page
    assert "an account alone opens no data" not in page


def test_an_account_alone_opens_nothing_and_says_so(
    bank: House, client_of: Callable[[User | None], Client]
) -> None:
    loner = User.objects.create_user("loner", name="<script>alert(1)</script>")
    page = client_of(loner).get("/account/").text
    assert "an account alone opens no data" in page
    assert "<script>alert" not in page


def test_language_and_theme_are_kept(
    bank: House, client_of: Callable[[User | None], Client], person_of: Callable[[str], User]
) -> None:
    anna, bo = person_of("OUH"), person_of("AAL")
    browser = client_of(anna)
    answer = browser.post("/account/", {"language": "da", "theme": "dark"})
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert browser.cookies["theme"].value == "dark"
    page = browser.get("/account/").text
    assert '<html lang="da" data-theme="dark">' in page
    anna.refresh_from_db()
    bo.refresh_from_db()
    assert (anna.language, bo.language) == ("da", "")


def test_a_made_up_choice_is_refused_and_nothing_changes(
    bank: House, client_of: Callable[[User | None], Client], person_of: Callable[[str], User]
) -> None:
    anna = person_of("OUH")
    answer = client_of(anna).post("/account/", {"language": "xx", "theme": "pink"})
    assert answer.status_code == 200
    assert "Not saved: 2 fields need a change" in answer.text
    assert not answer.cookies.get("theme")
    anna.refresh_from_db()
    assert anna.language == ""


def test_who_has_no_password_sets_one_and_changes_none(
    bank: House, client_of: Callable[[User | None], Client], person_of: Callable[[str], User]
) -> None:
    """Let in by a passkey or another sign-in: the page offers what can be done, and both ways lead there."""
    anna = person_of("OUH")
    anna.set_unusable_password()
    anna.save()
    browser = client_of(anna)
    page = browser.get("/account/").text
    assert ("/account/password/first/" in page, 'href="/account/password/"' in page) == (True, False)
    assert browser.get("/account/password/")["Location"] == "/account/password/first/"
    assert "Your account has none yet" in browser.get("/account/password/first/").text
    typed = "a sentence that nobody else types"
    answer = browser.post("/account/password/first/", {"password1": typed, "password2": typed})
    assert answer.status_code == 302
    anna.refresh_from_db()
    assert anna.check_password(typed)
    assert client_of(anna).get("/account/password/first/")["Location"] == "/account/password/"
