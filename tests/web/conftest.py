"""What tests of pages share: clients of people, and people to be clients of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

# This file may be read before Django is set up: models are imported inside.
if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from planbank.house import House
    from planbank.people.models import User

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def client_of(bank: House) -> Callable[[User | None], Client]:
    """A browser in which somebody (None: nobody) is signed in."""

    from django.test import Client

    def client(user: User | None) -> Client:
        browser = Client()
        if user is not None:
            browser.force_login(user, backend=BACKEND)
        return browser

    return client


@pytest.fixture
def site_admin(bank: House) -> User:
    """The system administrator: no institution, no patient data."""
    from planbank.people.models import User

    return User.objects.create_user("ada", name="Ada Admin", is_site_admin=True)


@pytest.fixture
def person_of(bank: House) -> Callable[[str], User]:
    """Somebody who works at an institution; both are made where they are new."""

    from planbank.people.models import Affiliation, Institution, User

    def person(code: str) -> User:
        institution, _made = Institution.objects.get_or_create(
            code=code, defaults={"name": f"Hospital {code}"}
        )
        user, made = User.objects.get_or_create(
            username=f"anna.{code.lower()}", defaults={"name": f"Anna {code}"}
        )
        if made:
            Affiliation.objects.create(user=user, institution=institution, since=bank.clock.now())
        return user

    return person
