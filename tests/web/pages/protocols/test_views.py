"""Protocols on pages: who sees which, progress, record, life (R37, R43 to R45)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.protocols.models import DataController, Protocol
from tests.protocols.rows import ProtocolRows

ClientOf = Callable[[User | None], Client]
RECORD = {"short_name": "BRAIN", "title": "Proton for brain", "kind": "clinical"}


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


@pytest.fixture
def protocol(rows: ProtocolRows) -> Protocol:
    row = rows.protocol("BRAIN")
    rows.centre(row, "AUH", expected_accrual=10)
    rows.centre(row, "OUH")
    plan_set = rows.join(row, rows.small_plan("AUH", "0101501234"))
    rows.participant(row, "B-1", "AUH", patient=plan_set.patient_file.patient)
    rows.participant(row, "B-2", "AUH")
    rows.join(row, rows.small_plan("OUH", "0202501234"))
    return row


def test_each_sees_what_the_policy_says(
    protocol: Protocol, rows: ProtocolRows, client_of: ClientOf, site_admin: User
) -> None:
    url = f"/protocols/{protocol.pk}/"
    key, normal, stranger = rows.user("kaya", "VLE"), rows.user("nils", "AUH"), rows.user("sten", "RH")
    rows.grant(key, "key-user", protocol)
    rows.grant(normal, "normal-user", protocol)
    seen = {who.username: client_of(who).get(f"{url}?format=csv") for who in (key, normal, site_admin)}
    lines = {who: b"".join(answer).decode().splitlines()[1:] for who, answer in seen.items()}
    assert [line[:3] for line in lines["kaya"]] == ["AUH", "OUH"]
    assert [line[:3] for line in lines["nils"]] == ["AUH"]
    assert lines["ada"] == []
    assert client_of(rows.user("anders", "OUH")).get(url).status_code == 200  # its centre takes part
    assert client_of(stranger).get(url).status_code == 404
    assert client_of(None).get(url).status_code == 302
    assert "BRAIN" in client_of(key).get("/protocols/").text
    for rest, allowed in (("edit/", {key}), ("activate/", {key}), ("close/", {key, site_admin})):
        for who in (key, normal, stranger, site_admin):
            status = client_of(who).get(url + rest).status_code
            assert (status == 200) is (who in allowed), (rest, who, status)


def test_progress_tells_expected_received_unexpected(
    protocol: Protocol, rows: ProtocolRows, client_of: ClientOf
) -> None:
    key = rows.user("kaya", "VLE")
    rows.grant(key, "key-user", protocol)
    answer = client_of(key).get(f"/protocols/{protocol.pk}/?format=csv")
    cells = [line.split(",")[:7] for line in b"".join(answer).decode().splitlines()[1:]]
    assert cells == [["AUH", "1", "10", "1", "2", "1", "0"], ["OUH", "1", "", "1", "0", "0", "1"]]
    page = client_of(key).get(f"/protocols/{protocol.pk}/").text
    assert "Progress per centre" in page and "0101501234" not in page and "Holm" not in page


def test_the_list_counts_clinical_protocols_only_and_filters(
    protocol: Protocol, rows: ProtocolRows, client_of: ClientOf, site_admin: User
) -> None:
    rows.join(rows.protocol("TRY", kind="test"), rows.small_plan("AUH", "0303501234"))
    client = client_of(site_admin)
    page = client.get("/protocols/").text
    assert "2 patients in 1 clinical" in page and "TRY" in page
    assert "TRY" not in client.get("/protocols/?kind=clinical").text
    assert "No protocol matches" in client.get("/protocols/?q=nothing").text


def test_made_changed_activated_closed_opened_and_journalled(
    rows: ProtocolRows, client_of: ClientOf, site_admin: User
) -> None:
    controller = DataController.objects.create(name="AUH")
    admin = client_of(site_admin)
    assert "No protocol yet" in admin.get("/protocols/").text
    assert admin.post("/protocols/new/", RECORD).status_code == 302
    again = admin.post("/protocols/new/", RECORD)
    assert again.status_code == 200 and Protocol.objects.count() == 1  # sent twice is made once
    row = Protocol.objects.get()
    key = rows.user("kaya", "AUH")
    rows.grant(key, "key-user", row)
    client, url = client_of(key), f"/protocols/{row.pk}/"
    assert "a legal basis" in client.get(url).text
    refused = client.post(f"{url}activate/", {"seen": row.revision})
    assert refused.status_code == 200 and "a purpose" in refused.text
    more = {**RECORD, "purpose": "care", "legal_basis": "law", "controllers": [controller.pk]}
    assert client.post(f"{url}edit/", {**more, "seen": row.revision}).status_code == 302
    late = client.post(f"{url}edit/", {**more, "title": "Mine", "seen": row.revision})
    assert late.status_code == 200 and "meanwhile" in late.text and 'value="Mine"' in late.text
    for verb, status in (("activate", "active"), ("close", "closed"), ("open", "active")):
        row.refresh_from_db()
        answer = client.post(f"{url}{verb}/", {"seen": row.revision, "reason": "as agreed"})
        assert answer.status_code == 302, verb
        row.refresh_from_db()
        assert (row.status, row.title) == (status, "Proton for brain")
        assert client.post(f"{url}{verb}/", {"seen": row.revision - 1, "reason": "x"}).status_code == 200
    row.refresh_from_db()
    assert client.post(f"{url}close/", {"seen": row.revision, "reason": " "}).status_code == 200
    acts = set(Entry.objects.filter(object_kind="protocol").values_list("action", flat=True))
    assert {"make protocol", "change protocol", "activate protocol", "close protocol"} <= acts
