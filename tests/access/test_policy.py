"""The only place that decides: deny by default, every verdict with its reason (security.md, Permissions)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from hypothesis import given
from hypothesis import strategies as st

from planbank.access.actions import ACTIONS
from planbank.access.policy import institutions_of, may, visible
from planbank.catalogue.models import PatientFile
from planbank.house import House
from planbank.people.models import Affiliation, Institution, User

INSTITUTION_SCOPED = sorted(name for name, action in ACTIONS.items() if action.scope == "institution")
SITE_SCOPED = sorted(name for name, action in ACTIONS.items() if action.scope == "site")


@pytest.fixture
def ouh(bank: House) -> Institution:
    return Institution.objects.create(code="OUH", name="Odense")


@pytest.fixture
def auh(bank: House) -> Institution:
    return Institution.objects.create(code="AUH", name="Aarhus")


@pytest.fixture
def physicist(bank: House, ouh: Institution) -> User:
    user = User.objects.create_user("mette", name="Mette Holm")
    Affiliation.objects.create(user=user, institution=ouh, since=bank.clock.now() - timedelta(days=1))
    return user


@pytest.fixture
def admin(bank: House) -> User:
    return User.objects.create_user("admin", name="Ada", is_site_admin=True)


@pytest.fixture
def files(bank: House, ouh: Institution, auh: Institution) -> list[PatientFile]:
    now = bank.clock.now()
    return [
        PatientFile.objects.create(institution=where, first_received_at=now, last_received_at=now)
        for where in (ouh, auh)
    ]


def seen(user: object, bank: House) -> list[str]:
    rows = visible(
        user, "data.view", PatientFile.objects.all(), institution="institution", at=bank.clock.now()
    )
    return sorted(rows.values_list("institution__code", flat=True))


def test_an_action_that_is_not_declared_is_nobodys(admin: User, bank: House) -> None:
    verdict = may(admin, "everything", bank.clock.now())
    assert not verdict
    assert "not declared" in verdict.reason


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_nobody_and_the_disabled_may_do_nothing(action: str, bank: House) -> None:
    disabled = User(username="old", is_active=False, is_site_admin=True)
    for user in (None, AnonymousUser(), disabled, "mette"):
        assert not may(user, action, bank.clock.now())


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_each_verdict_says_why(action: str, bank: House, physicist: User, admin: User) -> None:
    for user in (physicist, admin, AnonymousUser()):
        assert may(user, action, bank.clock.now()).reason


def test_people_see_their_own_institutions_data_and_no_others(
    bank: House, physicist: User, files: list[PatientFile]
) -> None:
    assert seen(physicist, bank) == ["OUH"]


def test_the_system_administrator_sees_no_patient_data(
    bank: House, admin: User, files: list[PatientFile]
) -> None:
    assert not may(admin, "data.view", bank.clock.now())
    assert seen(admin, bank) == []
    for action in ("services.view", "services.run", "senders.manage", "quarantine.decide"):
        assert may(admin, action, bank.clock.now())


@pytest.mark.parametrize("action", SITE_SCOPED)
def test_what_is_the_sites_is_not_for_those_of_an_institution(
    action: str, bank: House, physicist: User
) -> None:
    assert not may(physicist, action, bank.clock.now())


def test_a_mere_account_sees_nothing(bank: House, files: list[PatientFile]) -> None:
    nobody = User.objects.create_user("new", name="New")
    assert seen(nobody, bank) == []
    assert not may(nobody, "data.view", bank.clock.now())
    assert may(nobody, "account.use", bank.clock.now())


def test_a_grant_ends_in_the_moment_it_says(bank: House, physicist: User, files: list[PatientFile]) -> None:
    Affiliation.objects.update(until=bank.clock.now() + timedelta(seconds=1))
    assert seen(physicist, bank) == ["OUH"]
    bank.clock.at += timedelta(seconds=1)
    assert seen(physicist, bank) == []


def test_a_grant_does_not_begin_before_its_time(
    bank: House, physicist: User, files: list[PatientFile]
) -> None:
    Affiliation.objects.update(since=bank.clock.now() + timedelta(days=1))
    assert seen(physicist, bank) == []


def test_a_closed_institution_shows_nothing(bank: House, physicist: User, files: list[PatientFile]) -> None:
    Institution.objects.update(is_active=False)
    assert seen(physicist, bank) == []


def test_an_action_of_the_site_opens_no_rows(bank: House, admin: User, files: list[PatientFile]) -> None:
    rows = visible(
        admin, "services.view", PatientFile.objects.all(), institution="institution", at=bank.clock.now()
    )
    assert not rows.exists()


GRANTS = st.lists(
    st.tuples(st.sampled_from(["OUH", "AUH"]), st.integers(-3, 3), st.none() | st.integers(-3, 3)),
    max_size=5,
    unique_by=lambda grant: (grant[0], grant[2]),  # one open grant for one institution
)


@given(GRANTS, st.integers(0, 4), st.booleans())
def test_removing_a_grant_never_adds_a_row(
    bank: House,
    files: list[PatientFile],
    grants: list[tuple[str, int, int | None]],
    removed: int,
    is_admin: bool,
) -> None:
    """security.md, Permissions, property 3, against a small oracle."""
    User.objects.filter(username="one").delete()
    user = User.objects.create_user("one", name="One", is_site_admin=is_admin)
    now = bank.clock.now()

    def granted(which: list[tuple[str, int, int | None]]) -> list[str]:
        Affiliation.objects.all().delete()
        for code, since, until in which:
            Affiliation.objects.create(
                user=user,
                institution=Institution.objects.get(code=code),
                since=now + timedelta(days=since),
                until=None if until is None else now + timedelta(days=until),
            )
        assert list(institutions_of(user, now).values_list("code", flat=True)) == seen(user, bank)
        return seen(user, bank)

    full = granted(grants)
    assert full == sorted({c for c, since, until in grants if since <= 0 and (until is None or until > 0)})
    assert set(granted(grants[:removed] + grants[removed + 1 :])) <= set(full)
