"""Permissions that end soon: who was told, and those that are let end (R49, R213)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from planbank.house import House
from planbank.messages.models import Notice, Telling
from planbank.people.models import User
from planbank.protocols.levels import See
from planbank.protocols.models import Protocol
from planbank.services.notify.notices import make_notices
from planbank.services.notify.reminders import remind
from tests.protocols.rows import ProtocolRows

ClientOf = Callable[[User | None], Client]


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    return rows.protocol("BRAIN")


@pytest.fixture
def kaya(rows: ProtocolRows, brain: Protocol) -> User:
    user = rows.user("kaya", "AUH")
    rows.grant(user, "key-user", brain)
    return user


def url(protocol: Protocol) -> str:
    return f"/protocols/{protocol.pk}/people/"


def test_one_is_let_end_with_undo_and_nobody_is_asked_any_more(
    brain: Protocol, rows: ProtocolRows, kaya: User, client_of: ClientOf, now: datetime
) -> None:
    held = rows.grant(
        rows.user("anna"), "reader", brain, see=See.PSEUDONYMISED, until=now + timedelta(days=12)
    )
    browser, back = client_of(kaya), {"to": f"protocol-{brain.pk}"}
    mark = f"{held.pk} {held.until.isoformat()}"
    assert "not yet" in browser.get(url(brain)).text, "nobody was told so far"
    answer = browser.post("/grants/renew/", {"let_end": mark, **back}, follow=True)
    undo = f"/grants/{held.pk}/ask-again/"
    assert "It ends on its day" in answer.text and undo in answer.text and "lets it end" in answer.text
    assert "permission of others ends" not in browser.get("/").text
    assert "Let it end" not in browser.get(url(brain)).text and "Renew to" in browser.get(url(brain)).text
    assert (
        "changed since you opened it" in browser.post("/grants/renew/", {"let_end": mark}, follow=True).text
    )
    assert "asked about it again" in browser.post(undo, follow=True).text
    assert "permission of others ends" in browser.get("/").text
    assert client_of(rows.user("bert")).post(undo).status_code == 404
    assert browser.post("/grants/renew/", {"let_end": "7; drop"}).status_code == 404


def test_who_was_told_and_by_which_way(
    brain: Protocol, rows: ProtocolRows, kaya: User, client_of: ClientOf, bank: House, now: datetime
) -> None:
    anna = rows.user("anna")
    rows.grant(anna, "reader", brain, see=See.PSEUDONYMISED, until=now + timedelta(days=12))
    remind(bank)
    make_notices(bank)
    page = client_of(kaya).get(url(brain)).text
    assert f"on the site, {now:%-d %b}" in page
    notice = Notice.objects.get(user=anna)
    Telling.objects.filter(notice=notice).delete()
    Telling.objects.create(notice=notice, user=anna, channel="email", how="now", told_at=now)
    assert f"E-mail, {now:%-d %b}" in client_of(kaya).get(url(brain)).text
