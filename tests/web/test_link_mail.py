"""Mails with a one-time link: in the person's language, to their own address, unseen by its maker (R118)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.apps import apps
from django.test import Client

from planbank.config import load
from planbank.house import House
from planbank.messages.models import Message
from planbank.people.models import Affiliation, User
from planbank.web.link_mail import mail_invitation, mail_reset


@pytest.fixture
def posting(bank: House) -> House:
    """A bank with a mail server that nobody asks yet."""
    mail = {"mail_host": "127.0.0.1", "mail_security": "none", "web_url": "https://bank.example"}
    house = replace(bank, settings=load(home=bank.settings.home, **mail))
    apps.get_app_config("web").house = house  # type: ignore[attr-defined]
    return house


def test_in_the_language_of_its_reader(posting: House) -> None:
    bo = User.objects.create_user("bo", name="Bo", email="bo@example.org", language="da")
    assert mail_invitation(posting, bo) and mail_reset(posting, bo)
    subjects = Message.objects.order_by("pk").values_list("subject", flat=True)
    assert list(subjects) == ["Din konto hos planbank", "Ny adgangskode til planbank"]
    assert not mail_reset(posting, User(pk=1, username="x", name="X", email=""))


def test_without_a_mail_server_nothing_goes_out(bank: House) -> None:
    bo = User.objects.create_user("bo", name="Bo", email="bo@example.org")
    assert not mail_invitation(bank, bo) and not Message.objects.exists()


def test_a_link_that_is_mailed_is_not_shown(posting: House, site_admin: User) -> None:
    """Also to an account in use, of which a system administrator is shown none."""
    from tests.web.conftest import BACKEND

    bo = User.objects.create_user("bo", name="Bo", email="bo@example.org")
    User.objects.filter(pk=bo.pk).update(last_login=posting.clock.now())
    browser = Client()
    browser.force_login(site_admin, backend=BACKEND)
    url = f"/people/{bo.pk}/"
    assert "Mail a link" in browser.get(url).text
    assert browser.post(f"{url}link/?by=mail").status_code == 302
    page = browser.get(url).text
    assert "on its way to bo@example.org" in page and "/welcome/" not in page
    (mail,) = Message.objects.all()
    assert mail.to == "bo@example.org" and "https://bank.example/welcome/" in mail.text
    assert not Affiliation.objects.exists()
