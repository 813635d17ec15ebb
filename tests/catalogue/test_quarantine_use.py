"""What the gate is told of the quarantine's use, and how full it is (model.md, Quarantine)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from planbank.catalogue.models import QuarantinedParcel
from planbank.catalogue.quarantine_use import filling, publish_use, use
from planbank.errors import ObjectRefused
from planbank.gate.allowance import Allowance
from planbank.gate.limits import Limits
from planbank.people.models import Institution
from planbank.services.register import register_once
from tests.aside import set_aside
from tests.sending import ct, deposit

if TYPE_CHECKING:
    from planbank.house import House


def limit(bank: House, **limits: int) -> None:
    changed = type(bank.settings.gate_limits)(**limits)
    object.__setattr__(bank, "settings", bank.settings.model_copy(update={"gate_limits": changed}))


def test_what_waits_is_counted_by_address(bank: House) -> None:
    set_aside(bank, 2, size=10)
    set_aside(bank, 1, size=5, address="172.16.0.4", reason="known-name-other-address")
    institution = Institution.objects.create(code="OUH", name="Odense")
    set_aside(bank, 4, reason="malformed", institution=institution)  # its own people decide
    set_aside(bank, 1, state=QuarantinedParcel.State.RELEASED)
    found = use(bank)
    assert (found["files"], found["bytes"]) == (3, 25)
    assert found["addresses"] == {"10.81.4.27": [2, 20], "172.16.0.4": [1, 5]}


def test_it_is_settled_up_to_the_oldest_that_waits_for_register(bank: House) -> None:
    first = bank.clock.now()
    deposit(bank, ct())
    bank.clock.at += timedelta(hours=1)  # type: ignore[attr-defined]
    settled = datetime.fromisoformat(use(bank)["settled"])
    assert first - timedelta(seconds=1) < settled < first + timedelta(seconds=1)
    register_once(bank)
    assert datetime.fromisoformat(use(bank)["settled"]) > first + timedelta(minutes=50)


def test_the_gate_is_told_when_it_does_not_know(bank: House) -> None:
    assert publish_use(bank)
    assert not publish_use(bank)
    set_aside(bank)
    assert publish_use(bank)
    assert publish_use(bank)  # not yet settled past what was set aside just now
    bank.clock.at += timedelta(seconds=30)  # type: ignore[attr-defined]
    assert publish_use(bank)
    assert not publish_use(bank)
    bank.clock.at += timedelta(minutes=2)  # type: ignore[attr-defined]
    assert publish_use(bank)
    bank.tray.publish("quarantine", {"settled": 5})
    assert publish_use(bank)


def test_gate_and_back_end_keep_the_quota_together(bank: House) -> None:
    """From the gate to the row and to a decision: at no time is more taken than the quota."""
    limits = Limits(quarantine_files_per_address=2)
    allowance = Allowance(bank.tray, bank.clock.now)

    def send() -> bool:
        try:
            with allowance.room("10.0.0.5", limits) as grow:
                grow(10)
                deposit(bank, ct(), calling_ae="STRANGER")
        except ObjectRefused:
            return False
        return True

    assert [send() for _ in range(3)] == [True, True, False]
    for _ in range(3):
        register_once(bank)
        publish_use(bank)
        bank.clock.at += timedelta(seconds=30)  # type: ignore[attr-defined]
        assert not send()
    QuarantinedParcel.objects.filter(pk=QuarantinedParcel.objects.first().pk).delete()  # type: ignore[union-attr]
    publish_use(bank)
    assert [send() for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("limits", "part", "address"),
    [
        ({}, pytest.approx(2 / 50000), "10.81.4.27"),
        ({"quarantine_files": 4}, 0.75, ""),
        ({"quarantine_files": 4, "quarantine_files_per_address": 2}, 1.0, "10.81.4.27"),
        ({"quarantine_bytes": 50, "quarantine_bytes_per_address": 1000}, 0.5, ""),
    ],
)
def test_how_full_it_is(bank: House, limits: dict[str, int], part: float, address: str) -> None:
    limit(bank, **limits)
    assert filling(bank).part == 0
    set_aside(bank, 2, size=10)
    set_aside(bank, 1, size=5, address="172.16.0.4")
    publish_use(bank)
    assert (filling(bank).part, filling(bank).address) == (part, address)
