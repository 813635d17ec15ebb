"""Centres of a protocol on pages: take part, change, end, undo (R37)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.test import Client

from planbank.house import House
from planbank.people.models import User
from planbank.protocols.models import Participation
from tests.protocols.rows import ProtocolRows


def test_a_centre_comes_changes_ends_and_comes_back(
    bank: House, now: datetime, client_of: Callable[[User | None], Client], site_admin: User
) -> None:
    rows = ProtocolRows(now - timedelta(days=1))
    brain, key = rows.protocol("BRAIN"), rows.user("kaya", "VLE")
    auh = rows.institution("AUH")
    rows.grant(key, "key-user", brain)
    client, url = client_of(key), f"/protocols/{brain.pk}/centres/"
    assert client_of(site_admin).get(url).status_code == 403
    assert "No centre takes part yet" in client.get(url).text
    wish = {"institution": auh.pk, "expected": "40", "contact": "physics@auh.example"}
    assert client.post(f"{url}new/", wish).status_code == 302
    assert client.post(f"{url}new/", wish).status_code == 200
    row = Participation.objects.get()
    assert client.post(f"{url}{row.pk}/", {"expected": "50", "seen": row.revision}).status_code == 302
    late = client.post(f"{url}{row.pk}/", {"expected": "60", "seen": row.revision})
    assert late.status_code == 200 and "meanwhile" in late.text
    row.refresh_from_db()
    assert row.expected_accrual == 50
    assert client.post(f"{url}{row.pk}/end/", {"reason": " ", "seen": row.revision}).status_code == 200
    assert client.post(f"{url}{row.pk}/end/", {"reason": "no staff", "seen": row.revision}).status_code == 302
    row.refresh_from_db()
    assert row.until is not None and "ended" in client.get(url).text
    assert client.post(f"{url}{row.pk}/back/").status_code == 302
    row.refresh_from_db()
    assert row.until is None
