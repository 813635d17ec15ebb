"""Who works for an institution is said by its own administrator, dated (R11, R48, R49, R213)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from planbank.access.affiliating import (
    LastAdmin,
    affiliate,
    change_affiliation,
    end_affiliation,
    usual_end,
)
from planbank.access.policy import institutions_of
from planbank.errors import AccessError, ChangedMeanwhile
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import Affiliation, Institution, User
from planbank.protocols.act import Act

COMMAND = "test"


@pytest.fixture
def ouh(bank: House) -> Institution:
    return Institution.objects.create(code="OUH", name="Odense")


@pytest.fixture
def admin(ouh: Institution, now: datetime) -> User:
    user = User.objects.create_user("anna", name="Anna")
    affiliate(Act.of_command(COMMAND, now - timedelta(days=1)), user, ouh, is_admin=True)
    return user


@pytest.fixture
def bo(bank: House) -> User:
    return User.objects.create_user("bo", name="Bo")


def test_given_by_the_administrator_for_12_months_through_the_last_day(
    ouh: Institution, admin: User, bo: User, now: datetime
) -> None:
    row = affiliate(Act.of(admin, now), bo, ouh, reason="physicist")
    assert row.until == usual_end(now, ouh) == datetime(2027, 11, 17, 23, tzinfo=UTC)
    assert list(institutions_of(bo, row.until - timedelta(seconds=1))) == [ouh]
    assert not institutions_of(bo, row.until)
    entry = Entry.objects.latest("pk")
    assert (entry.action, entry.actor, entry.institution) == ("give affiliation", "anna", "OUH")
    assert entry.detail["holder"] == "bo"


def test_given_twice_it_stands_once(ouh: Institution, admin: User, bo: User, now: datetime) -> None:
    affiliate(Act.of(admin, now), bo, ouh)
    with pytest.raises(AccessError, match="already"):
        affiliate(Act.of(admin, now), bo, ouh)
    assert Affiliation.objects.filter(user=bo).count() == 1


@pytest.mark.parametrize("days", [-1, 0, 380])
def test_never_longer_than_12_months_nor_into_the_past(
    ouh: Institution, admin: User, bo: User, now: datetime, days: int
) -> None:
    with pytest.raises(AccessError, match="12 months"):
        affiliate(Act.of(admin, now), bo, ouh, until=now + timedelta(days=days))


def test_nobody_else_may(ouh: Institution, admin: User, bo: User, now: datetime) -> None:
    aarhus = Institution.objects.create(code="AUH", name="Aarhus")
    other = User.objects.create_user("otto", name="Otto")
    affiliate(Act.of_command(COMMAND, now), other, aarhus, is_admin=True)
    colleague = User.objects.create_user("cilla", name="Cilla")
    affiliate(Act.of(admin, now), colleague, ouh)
    for who in (other, colleague, bo):
        with pytest.raises(AccessError):
            affiliate(Act.of(who, now), bo, ouh)
    with pytest.raises(AccessError):
        affiliate(Act.of(admin, now), bo, aarhus)
    User.objects.filter(pk=admin.pk).update(is_active=False)
    with pytest.raises(AccessError):
        affiliate(Act.of(User.objects.get(pk=admin.pk), now), bo, ouh)
    assert not Affiliation.objects.filter(user=bo).exists()


def test_the_system_administrator_names_an_administrator_only_where_there_is_none(
    ouh: Institution, bo: User, now: datetime
) -> None:
    site = Act.of(User.objects.create_user("ada", name="Ada", is_site_admin=True), now)
    assert site.user is not None
    with pytest.raises(AccessError, match="own"):
        affiliate(site, site.user, ouh, is_admin=True)
    with pytest.raises(AccessError, match="Only an administrator"):
        affiliate(site, bo, ouh)
    row = affiliate(site, bo, ouh, is_admin=True)
    second = User.objects.create_user("cilla", name="Cilla")
    with pytest.raises(AccessError, match="Only an administrator"):
        affiliate(site, second, ouh, is_admin=True)
    later = Act(now + timedelta(days=300), site.actor, site.user)
    renewed = change_affiliation(later, row, row.revision, is_admin=True, until=None)
    assert renewed.until == usual_end(later.at, ouh)
    with pytest.raises(AccessError):
        end_affiliation(Act.of(second, now), row, row.revision, "mine")


def test_renewed_by_another_and_only_as_seen(ouh: Institution, admin: User, bo: User, now: datetime) -> None:
    row = affiliate(Act.of(admin, now), bo, ouh)
    later = Act(now + timedelta(days=200), Act.of(admin, now).actor, admin)
    change_affiliation(later, row, 1, is_admin=False, until=None)
    assert row.until == usual_end(later.at, ouh) and row.revision == 2
    with pytest.raises(ChangedMeanwhile):
        change_affiliation(later, row, 1, is_admin=True, until=None)
    with pytest.raises(AccessError, match="own"):
        change_affiliation(Act.of(bo, now), row, 2, is_admin=True, until=None)
    over = Act(row.until, later.actor, None)
    with pytest.raises(AccessError, match="over"):
        change_affiliation(over, row, 2, is_admin=False, until=None)


def test_the_last_administrator_does_not_leave(
    ouh: Institution, admin: User, bo: User, now: datetime
) -> None:
    row = Affiliation.objects.get(user=admin)
    with pytest.raises(LastAdmin, match="last administrator of OUH"):
        end_affiliation(Act.of(admin, now), row, row.revision, "moving on")
    with pytest.raises(LastAdmin):
        change_affiliation(Act.of_command(COMMAND, now), row, row.revision, is_admin=False, until=None)
    affiliate(Act.of(admin, now), bo, ouh, is_admin=True)
    end_affiliation(Act.of(admin, now), row, row.revision, "moving on")
    assert not institutions_of(admin, now)
    with pytest.raises(ChangedMeanwhile):
        end_affiliation(Act.of_command(COMMAND, now), row, row.revision, "twice")


def test_an_administrator_who_cannot_sign_in_does_not_count(
    ouh: Institution, admin: User, bo: User, now: datetime
) -> None:
    affiliate(Act.of(admin, now), bo, ouh, is_admin=True)
    User.objects.filter(pk=bo.pk).update(is_active=False)
    row = Affiliation.objects.get(user=admin)
    with pytest.raises(LastAdmin):
        end_affiliation(Act.of(admin, now), row, row.revision, "moving on")
