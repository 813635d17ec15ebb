"""Protocols, projects and participants are narrowed as data are (R43, R44, R46; security.md, property 4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from planbank.access.listing import projects_seen, protocols_seen
from planbank.access.policy import may
from planbank.access.queries.participants import participants_seen
from planbank.access.scopes import Scope
from planbank.people.models import User
from planbank.protocols.levels import See
from planbank.protocols.models import Participation, Protocol
from tests.protocols.rows import ProtocolRows


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    rows.protocol("HEART")
    protocol = rows.protocol("BRAIN")
    for number, code in enumerate(("AUH", "OUH")):
        rows.centre(protocol, code)
        rows.participant(protocol, f"B-{number}", code)
    return protocol


def names(rows: ProtocolRows, user: User) -> list[str]:
    found = protocols_seen(user, rows.at)
    for protocol in Protocol.objects.all():
        verdict = may(user, "protocol.view", rows.at, Scope.of(protocol))
        assert bool(verdict) is found.filter(pk=protocol.pk).exists(), "the list and the page agree"
    return sorted(found.values_list("short_name", flat=True))


def test_protocols_by_grant_by_centre_by_role(rows: ProtocolRows, brain: Protocol) -> None:
    reader = rows.user("reader")
    rows.grant(reader, "reader", rows.protocol("HEART"))
    assert names(rows, reader) == ["HEART"]
    assert names(rows, rows.user("auh", "AUH")) == ["BRAIN"]
    assert names(rows, rows.user("admin", is_site_admin=True)) == ["BRAIN", "HEART"]
    dpo = rows.user("dpo")
    rows.grant(dpo, "auditor", None)
    assert names(rows, dpo) == ["BRAIN", "HEART"]
    for nobody in (rows.user("vle", "VLE"), rows.user("new"), rows.user("off", "AUH", is_active=False)):
        assert names(rows, nobody) == []


def test_a_protocol_goes_with_the_grant_and_with_the_centre(rows: ProtocolRows, brain: Protocol) -> None:
    user = rows.user("auh", "AUH")
    Participation.objects.update(until=rows.at)
    assert names(rows, user) == []
    rows.grant(user, "reader", brain, until=rows.at + timedelta(days=1))
    assert names(rows, user) == ["BRAIN"]
    rows.at += timedelta(days=1)
    assert names(rows, user) == []


def test_projects(rows: ProtocolRows) -> None:
    user, project = rows.user("one"), rows.project()
    assert not projects_seen(user, rows.at).exists()
    rows.grant(user, "reader", project)
    assert list(projects_seen(user, rows.at)) == [project]
    assert list(projects_seen(rows.user("admin", is_site_admin=True), rows.at)) == [project]


def test_participants(rows: ProtocolRows, brain: Protocol) -> None:
    def seen(user: User, action: str = "participant.view") -> list[str]:
        return sorted(participants_seen(user, action, rows.at).values_list("trial_id", flat=True))

    key, normal, counter = rows.user("key"), rows.user("normal", "AUH"), rows.user("counter")
    rows.grant(key, "key-user", brain)
    rows.grant(normal, "normal-user", brain)
    rows.grant(counter, "reader", brain, see=See.SUMMARY)
    narrow = rows.user("narrow")
    rows.grant(narrow, "reader", brain, "OUH", see=See.PSEUDONYMISED)
    assert seen(key) == seen(key, "participant.edit") == ["B-0", "B-1"]
    assert seen(normal) == seen(normal, "participant.edit") == ["B-0"], "their own institution's"
    assert seen(counter) == [], "numbers only"
    assert (seen(narrow), seen(narrow, "participant.edit")) == (["B-1"], [])
    assert seen(rows.user("admin", is_site_admin=True)) == []
    assert seen(rows.user("staff", "AUH")) == [], "no grant in the protocol"
