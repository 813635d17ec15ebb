"""`planbank apply`: destinations and triggers that forward (R87, R89); twice is once, all or nothing."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from planbank.commands.apply import apply
from planbank.delivery.models import Destination
from planbank.delivery.rules import agreements
from planbank.errors import SettingsError
from planbank.house import House
from planbank.journal.models import Entry
from planbank.protocols.models import Protocol, Trigger

SITE = """
[[institution]]
code = "DCPT"
name = "Danish Centre for Particle Therapy"

[[destination]]
name = "Protons"
institution = "DCPT"
ae_title = "PROTON"
host = "Node.example"
port = 11112
purpose = "To decide about protons"

[[controller]]
name = "Region"

[[protocol]]
short_name = "PROTON"
title = "Proton or photon"
purpose = "To show it"
legal_basis = "None needed"
controllers = ["Region"]
contacts = [{name = "Kaya"}]
agreements = [{kind = "centre", title = "DCPT", institution = "DCPT", signed_on = 2026-01-02}]
status = "active"

[[trigger]]
protocol = "PROTON"
roi_name = "DBCG_PROTON"
actions = ["include", {action = "forward", destination = "protons", waits = "complete"}]
"""


def site(**changes: str) -> dict[str, Any]:
    text = SITE
    for old, new in changes.items():
        text = text.replace(old, new)
    return tomllib.loads(text)


def test_a_destination_is_confirmed_by_who_applies_it_and_a_second_time_nothing(bank: House) -> None:
    changes = apply(bank, site()).changes
    assert "destination Protons: added" in changes
    row, protocol = Destination.objects.get(), Protocol.objects.get()
    assert (row.host, row.tls, row.confirmed_at) == ("node.example", True, bank.clock.now())
    assert Trigger.objects.get().actions == [
        {"action": "include"},
        {"action": "forward", "destination": row.pk, "waits": "complete"},
    ]
    assert agreements(protocol, row.institution_id, bank.clock.now()).exists()
    assert Entry.objects.filter(action="confirm destination").count() == 1
    assert apply(bank, site()).changes == []


def test_what_changes_is_said_and_what_is_not_named_stays(bank: House) -> None:
    apply(bank, site())
    moved = {
        "destination": [{"name": "Protons", "institution": "DCPT", "port": 104, "is_active": False}],
    }
    assert apply(bank, moved).changes == ["destination Protons: port, switched off"]
    row = Destination.objects.get()
    assert (row.port, row.host, row.is_active, row.revision) == (104, "node.example", False, 2)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("port = 11112", "port = 99999", "port"),
        ('host = "Node.example"', 'host = "no host at all/"', "address or a host name"),
        ('ae_title = "PROTON"\n', "", "'ae_title' is missing"),
        ('destination = "protons"', 'destination = "elsewhere"', "no destination 'elsewhere'"),
        ('waits = "complete"', 'hurry = "yes"', "The action forward has no 'hurry'"),
        ('action = "forward"', 'action = "burn"', "There is no action burn"),
        ('waits = "complete"', 'waits = "for ever"', "waits"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_changed(bank: House, old: str, new: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        apply(bank, site(**{old: new}))
    assert not Destination.objects.exists() and not Protocol.objects.exists()
