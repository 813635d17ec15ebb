"""My tokens: made once, held to what I see, ended at once; nobody else's (R155)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from planbank.access.models import Token
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.protocols.levels import See
from planbank.protocols.models import Protocol
from tests.protocols.rows import ProtocolRows

HERE = "/account/tokens/"
ClientOf = Callable[[User | None], Client]
ASKED = {"name": "notebook", "purpose": "heart doses", "held_to": "", "days": "30"}


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    return rows.protocol("BRAIN")


@pytest.fixture
def rita(rows: ProtocolRows, brain: Protocol) -> User:
    user = rows.user("rita", "OUH")
    rows.grant(user, "reader", brain, see=See.PSEUDONYMISED)
    return user


def test_one_is_made_used_and_ended(rita: User, brain: Protocol, client_of: ClientOf, now: datetime) -> None:
    browser = client_of(rita)
    assert "You have no token" in browser.get(HERE).text
    made = browser.post(HERE, {**ASKED, "held_to": f"protocol-{brain.pk}"})
    text = re.search(r"pbk_[A-Za-z0-9_-]{20,}", made.text)
    assert text is not None and made.headers["Cache-Control"].find("no-store") >= 0
    row = Token.objects.get()
    assert (row.user, row.scope_kind, row.scope_id, row.may_write) == (rita, "protocol", brain.pk, False)
    assert row.until == now + timedelta(days=30) and "BRAIN" in made.text
    assert text[0] not in browser.get(HERE).text, "shown once"
    head = {"Authorization": f"Bearer {text[0]}"}
    assert Client().get("/api/v1/me", headers=head).status_code == 200
    assert "has ended" in browser.post(HERE, {"end": str(row.pk)}, follow=True).text
    assert Client().get("/api/v1/me", headers=head).status_code == 401
    assert set(Entry.objects.filter(actor="rita").values_list("action", flat=True)) >= {
        "token made",
        "token ended",
    }


def test_it_is_held_only_to_what_its_person_sees(rita: User, rows: ProtocolRows, client_of: ClientOf) -> None:
    hidden = rows.protocol("HIDDEN")
    page = client_of(rita).get(HERE).text
    assert "Protocol BRAIN" in page and "Institution OUH" in page and "HIDDEN" not in page
    answer = client_of(rita).post(HERE, {**ASKED, "held_to": f"protocol-{hidden.pk}"})
    assert "pbk_" not in answer.text and not Token.objects.exists()
    assert "pbk_" not in client_of(rita).post(HERE, {**ASKED, "purpose": ""}).text


def test_those_of_others_are_neither_seen_nor_ended(
    rita: User, rows: ProtocolRows, client_of: ClientOf
) -> None:
    client_of(rita).post(HERE, {**ASKED, "name": "<b>mine</b>", "may_write": "on"})
    row = Token.objects.get()
    assert row.may_write and "&lt;b&gt;mine" in client_of(rita).get(HERE).text
    other = client_of(rows.user("bert", "OUH"))
    assert "mine" not in other.get(HERE).text
    assert other.post(HERE, {"end": str(row.pk)}).status_code == 404
    assert other.post(HERE, {"end": "x' or 1=1"}).status_code == 404
    row.refresh_from_db()
    assert row.revoked_at is None
