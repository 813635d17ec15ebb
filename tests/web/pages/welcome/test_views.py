"""One-time links: they work once, for seven days, and say what to do afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.web.one_time import link_for, set_password, user_of

if TYPE_CHECKING:
    from planbank.house import House

GOOD = {"new_password1": "three small blue boats", "new_password2": "three small blue boats"}


@pytest.fixture
def anna(bank: House) -> User:
    return User.objects.create_user("anna", name="Anna <b>Berg</b>")


def test_a_new_person_sets_a_password_and_signs_in(bank: House, anna: User) -> None:
    browser, link = Client(), link_for(anna, bank.clock.now())
    assert "Anna &lt;b&gt;Berg" in browser.get(link).text
    answer = browser.post(link, GOOD)
    assert answer.status_code == 302
    assert answer["Location"] == "/sign-in/"
    anna.refresh_from_db()
    assert anna.check_password(GOOD["new_password1"])
    entry = Entry.objects.get(action="set password")
    assert (entry.actor, entry.object_id, entry.detail) == ("anna", "anna", {})


def test_a_link_works_once_however_often_it_is_looked_at(bank: House, anna: User) -> None:
    browser, link = Client(), link_for(anna, bank.clock.now())
    for _ in range(3):
        assert browser.get(link).status_code == 200
    browser.post(link, GOOD)
    for answer in (browser.get(link), browser.post(link, GOOD | {"new_password1": "another one, longer"})):
        assert answer.status_code == 410
        assert "ask whoever sent you the link" in answer.text
    anna.refresh_from_db()
    assert anna.check_password(GOOD["new_password1"])


@pytest.mark.parametrize(("age", "works"), [(timedelta(days=7), True), (timedelta(days=7, seconds=1), False)])
def test_a_link_lives_seven_days(bank: House, anna: User, age: timedelta, works: bool) -> None:
    link = link_for(anna, bank.clock.now())
    bank.clock.at += age  # type: ignore[attr-defined]
    assert (Client().get(link).status_code == 200) is works


def test_a_clock_set_back_ends_no_link(bank: House, anna: User) -> None:
    link = link_for(anna, bank.clock.now())
    bank.clock.at -= timedelta(days=30)  # type: ignore[attr-defined]
    assert Client().get(link).status_code == 200


@pytest.mark.parametrize("change", ["password", "sign-in", "switched off"])
def test_what_ends_a_link(bank: House, anna: User, change: str) -> None:
    link = link_for(anna, bank.clock.now())
    if change == "password":
        anna.set_password("set some other way")
    elif change == "sign-in":
        anna.last_login = bank.clock.now()
    else:
        anna.is_active = False
    anna.save()
    assert Client().get(link).status_code == 410


def test_a_weak_password_is_refused_with_the_reason_at_the_field(bank: House, anna: User) -> None:
    link = link_for(anna, bank.clock.now())
    answer = Client().post(link, {"new_password1": "short", "new_password2": "short"})
    assert answer.status_code == 200
    assert "Not saved: 1 field needs a change" in answer.text
    assert "at least 12 characters" in answer.text
    assert not Entry.objects.exists()
    assert Client().get(link).status_code == 200


def test_of_two_who_use_a_link_the_second_is_refused(bank: House, anna: User) -> None:
    token = link_for(anna, bank.clock.now()).split("/")[-2]
    assert set_password(anna, token, "the first of the two", bank.clock.now())
    assert not set_password(anna, token, "the second of the two", bank.clock.now())
    anna.refresh_from_db()
    assert anna.check_password("the first of the two")


def test_a_link_of_one_is_none_of_another(bank: House, anna: User) -> None:
    bo = User.objects.create_user("bo", name="Bo")
    _empty, _page, _uid, token, _end = link_for(anna, bank.clock.now()).split("/")
    uid = link_for(bo, bank.clock.now()).split("/")[2]
    assert user_of(uid, token, bank.clock.now()) is None


@given(
    st.text(st.characters(exclude_characters="/", codec="utf-8"), min_size=1),
    st.text(st.characters(exclude_characters="/", codec="utf-8"), min_size=1),
)
def test_made_up_links_are_over_and_nothing_more(bank: House, uid: str, token: str) -> None:
    assert user_of(uid, token, bank.clock.now()) is None


@pytest.mark.parametrize("uid", ["MQ", "!!", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "bm90IGEgbnVtYmVy", "4pi6"])
def test_made_up_addresses_answer_alike(bank: House, uid: str) -> None:
    answers = {Client().get(f"/welcome/{uid}/{token}/").status_code for token in ("x", "abc-def", "-", "zz-")}
    assert answers == {410}
