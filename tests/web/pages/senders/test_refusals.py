"""Refusals reach the sender's page and the administrator (model.md: every refusal is an event)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from planbank.messages.models import Event
from planbank.people.models import Sender, User
from tests.sending import CT, register_sender

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.test import Client

    from planbank.house import House

    ClientOf = Callable[[User | None], Client]


@pytest.fixture
def admin(client_of: ClientOf, site_admin: User) -> Client:
    return client_of(site_admin)


def refuse(at: datetime, name: str, address: str, reason: str, uid: str = CT) -> None:
    params = {
        "calling_ae": name,
        "address": address,
        "reason": reason,
        "status": "A700",
        "sop_class_uid": uid,
    }
    Event.objects.create(at=at, kind="refused", params=params)


def test_a_senders_own_stand_on_its_page(bank: House, admin: Client, now: datetime) -> None:
    register_sender()
    refuse(now, "TPS", "10.0.0.5", "The disk is full.")
    refuse(now, "", "10.0.0.9", "The TLS handshake failed: certificate expired.", "")
    refuse(now, "TPS", "192.168.0.1", "from elsewhere")
    refuse(now, "OTHER", "10.0.0.5", "of another")
    refuse(now - timedelta(days=31), "TPS", "10.0.0.5", "long ago")
    pk = Sender.objects.get().pk
    page = admin.get(f"/senders/{pk}/").text
    for words in ("The disk is full.", "certificate expired", "A700", "CT image"):
        assert words in page
    for words in ("from elsewhere", "of another", "long ago"):
        assert words not in page
    assert admin.get("/senders/").context["rows"][0][1].refusals == 2


def test_all_of_them_are_listed_searched_and_given_as_csv(bank: House, admin: Client, now: datetime) -> None:
    refuse(now, "STRANGER", "172.16.0.4", "The sender is not registered.")
    refuse(now, "", "172.16.0.5", "<script>x</script>", "1.2.3")
    page = admin.get("/senders/refusals/").text
    for words in ("STRANGER", "gave no name", "1.2.3", "&lt;script&gt;x"):
        assert words in page
    assert [row.address for row in admin.get("/senders/refusals/?q=stran").context["rows"]] == ["172.16.0.4"]
    assert "No refusal matches" in admin.get("/senders/refusals/?q=nobody").text
    lines = b"".join(admin.get("/senders/refusals/?format=csv").streaming_content).decode().splitlines()
    assert len(lines) == 3
    assert "STRANGER" in lines[2] or "STRANGER" in lines[1]


def test_with_none_the_page_says_where_else_to_look(bank: House, admin: Client) -> None:
    page = admin.get("/senders/refusals/").text
    assert "Nothing was refused" in page
    assert "/quarantine/" in page
