"""`planbank link`: a one-time link, for people who are there, journalled."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from planbank.commands.link import one_time_link
from planbank.errors import KeyMissing, SettingsError
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from tests.web.signing_in import set_up_app, sign_in, with_password


@pytest.fixture
def mette(bank: House) -> User:
    return User.objects.create_user("mette", name="Mette Holm")


def test_the_link_leads_to_a_page_of_this_site(bank: House, mette: User) -> None:
    link = one_time_link(bank, "mette")
    assert link.startswith(bank.settings.site_url)
    answer = Client().get(urlsplit(link).path, follow=True)
    assert answer.status_code == 200
    assert "Mette Holm" in answer.content.decode(), "the page to set the password, not one that says no"


def test_making_one_is_journalled_without_the_link(bank: House, mette: User) -> None:
    link = one_time_link(bank, "mette")
    entry = Entry.objects.get()
    assert (entry.action, entry.object_kind, entry.object_id) == ("make one-time link", "user", "mette")
    assert urlsplit(link).path.strip("/").rpartition("/")[2] not in str(vars(entry))


@pytest.mark.parametrize("username", ["jens", "", "METTE"])
def test_nobody_else_gets_one(bank: House, mette: User, username: str) -> None:
    with pytest.raises(SettingsError, match="no active user"):
        one_time_link(bank, username)
    assert not Entry.objects.exists()


def test_a_disabled_account_gets_none(bank: House, mette: User) -> None:
    User.objects.update(is_active=False)
    with pytest.raises(SettingsError):
        one_time_link(bank, "mette")


def test_who_lost_telephone_and_codes_begins_anew(bank: House, mette: User) -> None:
    with_password(mette)
    browser, _ = sign_in(mette)
    set_up_app(browser)
    assert Authenticator.objects.filter(user=mette).count() == 2
    one_time_link(bank, "mette")
    assert Authenticator.objects.filter(user=mette).count() == 2
    link = one_time_link(bank, "mette", without_second_factors=True)
    assert not Authenticator.objects.filter(user=mette).exists()
    assert browser.get("/account/").status_code == 302
    stranger, _ = sign_in(mette)
    assert stranger.get("/account/").status_code == 302, "the old password alone opens nothing"
    assert Client().get(urlsplit(link).path).status_code == 200
    assert Entry.objects.get(action="remove second factor", actor="link").detail == {"factors": 2}


def test_where_the_sites_secret_is_not_no_link_is_printed_that_cannot_work(bank: House, mette: User) -> None:
    """On a machine that holds the keys of work alone."""
    (bank.keys / "site.secret").unlink()
    with pytest.raises(KeyMissing, match=r"site\.secret"):
        one_time_link(bank, "mette")
    assert not Entry.objects.exists()
