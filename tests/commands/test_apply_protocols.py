"""`planbank apply`: protocols, centres and grants, as a whole or not at all, twice is once (R37, R46)."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from planbank.access.models import Grant
from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.commands.apply import apply
from planbank.errors import SettingsError
from planbank.house import House
from planbank.people.models import User
from planbank.protocols.models import Participation, Protocol

SITE = """
[[institution]]
code = "OUH"
name = "Odense"

[[user]]
username = "mette"
name = "Mette Holm"

[[controller]]
name = "Region Syddanmark"

[[protocol]]
short_name = "BRAIN"
title = "Brain tumours"
purpose = "dose and effect"
legal_basis = "research act"
controllers = ["Region Syddanmark"]
contacts = [{name = "Karen Lund", email = "karen@example.org"}]
agreements = [{kind = "processor", title = "DPA 12", signed_on = 2026-01-02}]
structure_types = ["Brain", "PTV"]
status = "active"

[[participation]]
protocol = "BRAIN"
institution = "OUH"
expected_accrual = 40

[[grant]]
user = "mette"
role = "reader"
protocol = "BRAIN"
see = "pseudonymised"
institutions = ["OUH"]
"""


def site() -> dict[str, Any]:
    return tomllib.loads(SITE)


def test_all_of_it_and_a_second_time_nothing(bank: House) -> None:
    changes = apply(bank, site()).changes
    assert "protocol BRAIN: activated" in changes and "user mette: reader in BRAIN" in changes
    protocol, user = Protocol.objects.get(), User.objects.get()
    assert protocol.status == "active"
    assert [t.name for t in protocol.structure_types.all()] == ["Brain", "PTV"]
    assert Participation.objects.get().expected_accrual == 40
    assert may(user, "data.view", bank.clock.now(), Scope.of(protocol))
    assert Grant.objects.get().institutions.get().code == "OUH"
    assert apply(bank, site()).changes == []


def test_what_changed_is_said(bank: House) -> None:
    apply(bank, site())
    content = site()
    content["protocol"][0]["title"] = "Brain tumours of adults"
    content["participation"][0]["expected_accrual"] = 50
    assert apply(bank, content).changes == ["protocol BRAIN: changed title", "protocol BRAIN: OUH takes part"]


@pytest.mark.parametrize(
    ("table", "change", "words"),
    [
        ("protocol", {"agreements": [{"kind": "processor", "title": "DPA 12"}]}, "Still missing"),
        ("protocol", {"short_name": "a b"}, "short_name"),
        ("protocol", {"controllers": ["Nobody"]}, "no data controller 'Nobody'"),
        ("protocol", {"status": "closed"}, "only activates"),
        ("participation", {"institution": "XYZ"}, "no institution 'XYZ'"),
        ("grant", {"role": "system-admin"}, "not given here"),
        ("grant", {"see": "everything"}, "see is one of none, summary"),
        ("grant", {"take_out": "raw"}, "has to see identities"),
        ("grant", {"user": "nobody"}, "no user 'nobody'"),
        ("grant", {"password": "x"}, "never taken"),
    ],
)
def test_a_fault_is_named_and_nothing_is_applied(
    bank: House, table: str, change: dict[str, Any], words: str
) -> None:
    content = site()
    content[table][0] |= change
    with pytest.raises(SettingsError, match=words):
        apply(bank, content)
    assert not Protocol.objects.exists() and not User.objects.exists()
