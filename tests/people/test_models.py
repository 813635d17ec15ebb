"""What may be registered at all."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from planbank.house import House
from planbank.people.models import (
    Affiliation,
    Institution,
    Region,
    Sender,
    User,
    validate_ae_title,
    validate_network,
)


@pytest.mark.parametrize("title", ["A", "ARIA_1", "A" * 16, "OUH TPS", "a-b.c", "[]^"])
def test_ae_titles(title: str) -> None:
    validate_ae_title(title)


@pytest.mark.parametrize("title", ["", " ", "A" * 17, " A", "A ", "A\\B", "A\tB", "A\n", "Ø", "A\x00"])
def test_what_is_no_ae_title(title: str) -> None:
    with pytest.raises(ValidationError):
        validate_ae_title(title)


@pytest.mark.parametrize("network", ["10.62.9.14", "10.62.9.0/24", "::1", "2001:db8::/32", "10.62.9.7/24"])
def test_networks(network: str) -> None:
    validate_network(network)


@pytest.mark.parametrize("network", ["", "10.62.9", "10.62.9.0/33", "host.example", "10.0.0.1-10.0.0.9", "*"])
def test_what_is_no_network(network: str) -> None:
    with pytest.raises(ValidationError):
        validate_network(network)


@given(st.text(max_size=17))
def test_an_ae_title_is_never_more_than_16_plain_characters(title: str) -> None:
    try:
        validate_ae_title(title)
    except ValidationError:
        return
    assert 0 < len(title) <= 16
    assert title.isascii() and title.isprintable() and "\\" not in title


@pytest.mark.parametrize(
    ("code", "fits"),
    [("OUH", True), ("OUH-2", True), ("ouh", False), ("1OUH", False), ("O" * 17, False), ("OUH\n", False)],
)
def test_codes_of_institutions(bank: House, code: str, fits: bool) -> None:
    try:
        Institution(code=code, name="Name").full_clean()
    except ValidationError:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize("username", ["Mette", "mette holm", "", "-mette", "mette\n", "m" * 65])
def test_what_is_no_username(bank: House, username: str) -> None:
    with pytest.raises(ValidationError):
        User(username=username, name="Mette", password="!").full_clean()


def test_what_there_can_be_only_once(bank: House) -> None:
    institution = Institution.objects.create(code="OUH", name="Odense")
    user = User.objects.create_user("mette", name="Mette")
    now = bank.clock.now()
    rows = [
        lambda: Region.objects.create(name="Syddanmark"),
        lambda: Sender.objects.create(ae_title="TPS", network="10.0.0.1"),
        lambda: Affiliation.objects.create(user=user, institution=institution, since=now),
    ]
    for make in rows:
        make()
        with pytest.raises(IntegrityError), transaction.atomic():
            make()
    Affiliation.objects.update(until=now)
    rows[-1]()


def test_an_account_is_made_without_a_password(bank: House) -> None:
    user = User.objects.create_user("mette", name="Mette Holm")
    assert not user.has_usable_password()
    assert (str(user), user.get_full_name(), user.is_site_admin) == ("mette", "Mette Holm", False)
