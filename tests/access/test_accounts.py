"""Accounts: who may make, change and switch off which; never the last administrator (security.md)."""

from __future__ import annotations

import threading
from datetime import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from planbank.access.accounts import (
    Person,
    change,
    create,
    governs,
    may_make_link,
    prepare_link,
    switch_off,
    switch_on,
    users_seen,
)
from planbank.access.affiliating import LastAdmin, affiliate
from planbank.access.models import Token
from planbank.access.tokens import find, issue
from planbank.errors import AccessError, ChangedMeanwhile
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import Institution, User
from planbank.protocols.act import Act


@pytest.fixture
def command(bank: House, now: datetime) -> Act:
    return Act.of_command("test", now)


@pytest.fixture
def ada(command: Act) -> Act:
    return Act.of(create(command, Person("ada", "Ada", is_site_admin=True)), command.at)


def person(command: Act, name: str, *codes: str, is_admin: bool = False) -> User:
    user = create(command, Person(name, name.title(), f"{name}@example.org"))
    for code in codes:
        row, _ = Institution.objects.get_or_create(code=code, defaults={"name": code})
        affiliate(command, user, row, is_admin=is_admin)
    return user


def test_an_account_alone_shows_nothing_and_has_no_password(ada: Act) -> None:
    user = create(ada, Person("bo", "Bo"))
    assert not user.has_usable_password() and not users_seen(user, ada.at)
    for wrong in (Person("bo", "Again"), Person("Bo Bo", "x"), Person("x", ""), Person("y", "y", "no mail")):
        with pytest.raises(ValidationError):
            create(ada, wrong)
    create(ada, Person("cilla", "Cilla", "c@example.org"))
    with pytest.raises(ValidationError, match="Somebody else"):
        create(ada, Person("dora", "Dora", "C@EXAMPLE.org"))


def test_an_institutions_administrator_answers_for_its_own_people_only(command: Act, ada: Act) -> None:
    anna = Act.of(person(command, "anna", "OUH", is_admin=True), command.at)
    own, both = person(command, "own", "OUH"), person(command, "both", "OUH", "AUH")
    other, chief = person(command, "other", "AUH"), ada.user
    assert chief is not None and anna.user is not None
    assert set(users_seen(anna.user, anna.at)) == {anna.user, own, both}
    assert [governs(anna, who, "user.disable") for who in (own, both, other, chief)] == [True] + [False] * 3
    assert all(governs(ada, who, "user.disable") for who in (own, both, other))
    with pytest.raises(AccessError, match="elsewhere"):
        switch_off(anna, both, both.revision)
    with pytest.raises(AccessError):
        create(anna, Person("evil", "Evil", is_site_admin=True))
    with pytest.raises(AccessError):
        change(anna, own, own.revision, Person("own", "Own", is_site_admin=True))
    with pytest.raises(AccessError):
        create(Act.of(own, anna.at), Person("new", "New"))


def test_a_link_is_shown_to_none_who_could_see_more_by_it(command: Act, ada: Act) -> None:
    anna = Act.of(person(command, "anna", "OUH", is_admin=True), command.at)
    own, both = person(command, "own", "OUH"), person(command, "both", "OUH", "AUH")
    assert may_make_link(ada, own) and may_make_link(anna, own) and not may_make_link(anna, both)
    for user in (own, both):
        user.last_login = command.at
        user.save()
    assert not may_make_link(ada, own) and may_make_link(anna, own) and not may_make_link(anna, both)
    assert not may_make_link(ada, both) and anna.user is not None and not may_make_link(anna, anna.user)
    with pytest.raises(AccessError):
        prepare_link(ada, own)
    before = own.password
    prepare_link(anna, own)
    assert own.password != before  # links made before have ended with it


def test_switched_off_with_its_tokens_and_on_without(command: Act, ada: Act) -> None:
    bo = person(command, "bo", "OUH")
    _, text = issue(bo, name="a", scope=None, purpose="b", days=9, actor=ada.actor, at=ada.at)
    assert find(text, ada.at) is not None
    switch_off(ada, bo, bo.revision, "left")
    assert not bo.is_active and find(text, ada.at) is None
    with pytest.raises(ChangedMeanwhile):
        switch_off(ada, bo, 1)
    switch_on(ada, bo, bo.revision)
    assert bo.is_active and find(text, ada.at) is None
    assert Token.objects.get().revoked_at == ada.at
    acts = Entry.objects.filter(object_kind="user").order_by("pk").values_list("action", flat=True)
    assert list(acts)[-2:] == ["switch account off", "switch account on"]


def test_never_the_last_administrator(command: Act, ada: Act) -> None:
    anna = person(command, "anna", "OUH", is_admin=True)
    chief = ada.user
    assert chief is not None
    with pytest.raises(LastAdmin, match="last administrator of OUH"):
        switch_off(ada, anna, anna.revision)
    with pytest.raises(AccessError, match="their own"):
        switch_off(ada, chief, chief.revision)
    with pytest.raises(LastAdmin, match="last system administrator"):
        switch_off(command, chief, chief.revision)
    with pytest.raises(LastAdmin):
        change(command, chief, chief.revision, Person("ada", "Ada"))
    with pytest.raises(AccessError, match="another system"):
        change(ada, chief, chief.revision, Person("ada", "Ada"))
    second = create(ada, Person("eva", "Eva", is_site_admin=True))
    change(Act.of(second, ada.at), chief, chief.revision, Person("ada", "Ada"))
    assert not chief.is_site_admin
    affiliate(command, second, Institution.objects.get(), is_admin=True)
    switch_off(Act.of(second, ada.at), anna, anna.revision)


def test_two_who_change_one_account(command: Act, ada: Act) -> None:
    bo = create(command, Person("bo", "Bo"))
    other = User.objects.get(pk=bo.pk)
    change(ada, bo, 1, Person("renamed", "Bo Bro"))
    assert (bo.username, bo.name) == ("bo", "Bo Bro")
    with pytest.raises(ChangedMeanwhile):
        change(ada, other, 1, Person("bo", "Bo Bang"))


def test_two_last_administrators_who_switch_each_other_off(committed: House, now: datetime) -> None:
    """Whoever is second is refused: one always remains."""
    both = [User.objects.create_user(name, name=name, is_site_admin=True) for name in ("ada", "eva")]
    start, refused = threading.Barrier(2), []

    def off(actor: User, other: User) -> None:
        try:
            start.wait(30)
            switch_off(Act.of(User.objects.get(pk=actor.pk), now), User.objects.get(pk=other.pk), 1)
        except AccessError as exc:
            refused.append(exc)
        finally:
            connection.close()

    threads = [threading.Thread(target=off, args=pair) for pair in (both, both[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(refused) == User.objects.filter(is_active=True).count() == 1


def test_affiliated_by_two_at_once_it_stands_once(committed: House, now: datetime) -> None:
    command = Act.of_command("test", now)
    bo = create(command, Person("bo", "Bo"))
    ouh = Institution.objects.create(code="OUH", name="Odense")
    start, refused = threading.Barrier(2), []

    def give() -> None:
        try:
            start.wait(30)
            affiliate(command, bo, ouh)
        except AccessError as exc:
            refused.append(exc)
        finally:
            connection.close()

    threads = [threading.Thread(target=give) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(refused) == bo.affiliations.count() == 1
