"""Who looked at a protocol's patients: for whom it is, what is counted, CSV with pseudonyms (R116, R117)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from planbank.house import House
from planbank.journal.models import Entry
from planbank.journal.record import Actor, record
from planbank.people.models import User
from planbank.protocols.models import Enrolment, Membership, Protocol
from tests.protocols.rows import ProtocolRows

ClientOf = Callable[[User | None], Client]
CPR = "0101501234"


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    row = rows.protocol("BRAIN")
    rows.centre(row, "AUH")
    rows.join(row, rows.small_plan("AUH", CPR))
    Enrolment.objects.update(pseudonym="BRAIN-7")
    return row


def person(rows: ProtocolRows, name: str, role: str, protocol: Protocol | None, **more: Any) -> User:
    user = rows.user(name, "VLE")
    rows.grant(user, role, protocol, **more)
    return user


def table(client: Client, protocol: Protocol, **query: str) -> list[dict[str, str]]:
    answer = client.get(f"/protocols/{protocol.pk}/looked/", {**query, "format": "csv"})
    text = b"".join(answer).decode("utf-8-sig")  # type: ignore[call-overload]
    return list(csv.DictReader(io.StringIO(text)))


def test_a_look_through_the_protocol_is_seen_by_its_controller(
    rows: ProtocolRows, brain: Protocol, client_of: ClientOf
) -> None:
    """What really is written when a reader opens a patient and a plan, and takes a table out."""
    reader = person(rows, "rita", "reader", brain, see=2)
    controller = person(rows, "carl", "controller", brain)
    own = rows.user("anders", "AUH")
    file = Membership.objects.select_related("patient_file").first().patient_file  # type: ignore[union-attr]
    plan = file.plan_sets.get()
    for path in (f"/patients/{file.pk}/", f"/plans/{plan.pk}/", f"/plans/{plan.pk}/?format=csv"):
        assert client_of(reader).get(path).status_code == 200
    assert client_of(own).get(f"/patients/{file.pk}/").status_code == 200  # their own hospital's: not counted
    client = client_of(controller)
    page = client.get(f"/protocols/{brain.pk}/looked/").text
    assert "rita" in page and "anders" not in page and CPR not in page and "Holm" not in page
    found = table(client, brain)
    assert {(line["Who"], line["Pseudonym"]) for line in found} == {("rita", "BRAIN-7")}
    assert sorted(line["What was done"] for line in found) == ["looked at", "looked at", "took out a list"]
    assert table(client, brain, person="nobody") == []
    assert "Nobody fits these filters" in client.get(f"/protocols/{brain.pk}/looked/?person=nobody").text


def test_everybody_reads_what_they_may_read_of_the_journal(
    bank: House, rows: ProtocolRows, brain: Protocol, client_of: ClientOf, site_admin: User
) -> None:
    reader, key = person(rows, "rita", "reader", brain, see=2), person(rows, "kaya", "key-user", brain)
    narrowed = rows.user("nora", "OUH")
    rows.grant(narrowed, "key-user", brain, "OUH")
    auditor, other = person(rows, "dora", "auditor", None), rows.user("olga", "VLE")
    for name in ("rita", "tom"):
        record(
            Actor("user", name), "view", bank.clock.now(), object_kind="plan set", object_id=1,
            protocol="BRAIN", institution="AUH",
        )  # fmt: skip
    seen = {who.username: {line["Who"] for line in table(client_of(who), brain)} for who in (
        reader, key, narrowed, auditor, site_admin,
    )}  # fmt: skip
    assert seen == {
        "rita": {"rita"}, "kaya": {"rita", "tom"}, "nora": set(), "dora": {"rita", "tom"}, "ada": set(),
    }  # fmt: skip
    assert client_of(other).get(f"/protocols/{brain.pk}/looked/").status_code == 404


def test_days(bank: House, rows: ProtocolRows, brain: Protocol, client_of: ClientOf) -> None:
    client = client_of(person(rows, "kaya", "key-user", brain))
    assert "Nobody looked" in client.get(f"/protocols/{brain.pk}/looked/").text
    for days in (1, 100):
        record(
            Actor("user", "tom"), "view", bank.clock.now() - timedelta(days=days),
            object_kind="plan set", object_id=days, protocol="BRAIN",
        )  # fmt: skip
    assert [line["Number"] for line in table(client, brain)] == ["1"]
    long_ago = (bank.clock.now() - timedelta(days=200)).date().isoformat()
    assert len(table(client, brain, since=long_ago)) == 2
    assert [line["Number"] for line in table(client, brain, since=long_ago, until=long_ago)] == []


def test_looking_here_is_written_too(rows: ProtocolRows, brain: Protocol, client_of: ClientOf) -> None:
    key = person(rows, "kaya", "key-user", brain)
    client_of(key).get(f"/protocols/{brain.pk}/looked/")
    assert Entry.objects.filter(actor="kaya", object_kind="journal", protocol="BRAIN", action="view").exists()
    assert "kaya" not in {line["Who"] for line in table(client_of(key), brain)}
