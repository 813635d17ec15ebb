"""The fault matrix (security.md), rows 1 to 10 and 15, at the very system call, in a running bank.

Each case sets a rule (tests/faults.py), sends one object, and looks at what the sender was told and
what is there once the bank has healed by itself.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults import Faults
from tests.gate.raw_peer import (
    CT,
    EXPLICIT,
    SUCCESS,
    Part10,
    Peer,
    RefusedError,
    small_data_set,
    store_request,
)
from tests.journeys.live import Live
from tests.journeys.objects import archived

SECONDS_TO_HEAL = 60  # invariant I8
OUT_OF_RESOURCES = 0xA700


@dataclass
class Bank:
    """A running bank under faults, and the objects it was sent."""

    live: Live
    faults: Faults
    sent: int = 0

    def new(self, pixels: int = 0) -> Part10:
        self.sent += 1
        uid = f"1.2.826.{self.sent}"
        return Part10(CT, uid, EXPLICIT, small_data_set(CT, uid, pixels=pixels))

    def send(self, part10: Part10) -> int | None:
        """The C-STORE status; None where the connection ended without one."""
        try:
            with Peer("127.0.0.1", self.live.dicom_port) as peer:
                peer.associate([(part10.sop_class_uid, [part10.transfer_syntax_uid])])
                return peer.store(1, part10.sop_class_uid, part10.sop_instance_uid, part10.data)
        except (RefusedError, ConnectionError):
            return None

    def send_until_taken(self, part10: Part10) -> None:
        """As a planning system does, or its physicist."""
        self.live.until(lambda: self.send(part10) == SUCCESS, SECONDS_TO_HEAL, "the object is not taken")

    def unfinished(self) -> list[str]:
        folders = ("transit/incoming", "transit/quarantine", "archive/parts")
        return [
            path.name
            for folder in folders
            for path in (self.live.home / folder).iterdir()
            if path.suffix != ".parcel"
        ]

    def parcels(self) -> int:
        return len(list((self.live.home / "transit").rglob("*.parcel")))

    def assert_kept_once(self, part10: Part10, submissions: int) -> None:
        """I1, I2, I3, I5, I8: byte-identical, once; rows, objects and journal agree; nothing half done."""
        now = self.live.settled(SECONDS_TO_HEAL, deep=True)
        assert archived(self.live.home)[part10.sop_instance_uid] == [part10]
        assert now["submissions"] == submissions
        assert now["quarantined"] == now["in_transit"] == now["outcomes_failed"] == 0
        self.live.until(lambda: not self.unfinished(), SECONDS_TO_HEAL, "unfinished files stay")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    faults = Faults(tmp_path_factory.mktemp("fault"))
    live = Live(tmp_path_factory.mktemp("live") / "home")
    live.env |= faults.env
    try:
        live.up()
        live.apply()
        yield Bank(live, faults)
    finally:
        faults.clear()
        live.down()


def test_row_1_inside_a_pdu(bank: Bank) -> None:
    """Not acknowledged; what was written of it is swept (I6)."""
    part10 = bank.new(pixels=200_000)
    before = bank.live.status()["submissions"]
    with Peer("127.0.0.1", bank.live.dicom_port) as peer:
        peer.associate([(CT, [EXPLICIT])])
        peer.send_command(1, store_request(CT, part10.sop_instance_uid))
        peer.send_data(1, part10.data[:100_000], last=False)
        bank.live.until(bank.unfinished, 30, "nothing is written while it comes")
        for pid in [pid for parent in bank.live.pids("gate") for pid in [parent, *children(parent)]]:
            os.kill(pid, signal.SIGKILL)
        assert peer.is_closed()
    bank.live.until(lambda: not bank.unfinished(), SECONDS_TO_HEAL, "the part file is not swept")
    assert bank.parcels() == 0
    bank.send_until_taken(part10)
    bank.assert_kept_once(part10, before + 1)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize(
    ("rule", "kept_unasked"),
    [
        pytest.param("kill before fsync transit/incoming/", 0, id="row-2-before-fsync"),
        pytest.param("kill after fsync transit/incoming/", 0, id="row-3-after-fsync"),
        pytest.param("kill after rename .parcel$", 1, id="row-4-after-rename"),
        pytest.param("kill after fsync transit/incoming$", 1, id="row-5-before-the-answer"),
    ],
)
def test_rows_2_to_5_the_gate_is_killed_while_it_keeps_an_object(
    bank: Bank, rule: str, kept_unasked: int
) -> None:
    """Nobody was told success. With or without what was kept, sent again it is there once."""
    part10 = bank.new()
    before = bank.live.status()["submissions"]
    bank.faults.set(rule)
    assert bank.send(part10) is None
    assert len(bank.faults.struck()) == 1
    now = bank.live.settled(SECONDS_TO_HEAL)
    assert now["submissions"] == before + kept_unasked
    bank.send_until_taken(part10)
    bank.assert_kept_once(part10, before + kept_unasked + 1)


def test_row_6_after_the_answer(bank: Bank) -> None:
    part10 = bank.new()
    before = bank.live.status()["submissions"]
    assert bank.send(part10) == SUCCESS
    for pid in bank.live.pids("gate"):
        os.kill(pid, signal.SIGKILL)
    bank.assert_kept_once(part10, before + 1)


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param("kill before fsync archive/parts/", id="row-7-after-opening"),
        pytest.param("kill after link archive/objects/", id="row-8-after-the-store"),
        pytest.param("kill after fsync archive/arrivals", id="row-8-before-the-commit"),
        pytest.param("kill before unlink .parcel$", id="rows-9-and-10-after-the-commit"),
        pytest.param("kill after unlink .parcel$", id="row-10-after-the-deletion"),
    ],
)
def test_rows_7_to_10_register_is_killed(bank: Bank, rule: str) -> None:
    """One row, one object, transit empty: whoever takes over ends what was begun."""
    part10 = bank.new()
    before = bank.live.status()["submissions"]
    bank.faults.set(rule)
    bank.send_until_taken(part10)
    bank.live.until(bank.faults.struck, 30, "register never came to the rule")
    bank.assert_kept_once(part10, before + 1)
    assert len(bank.faults.struck()) == 1


@pytest.mark.parametrize("where", ["transit/incoming/", "transit/incoming$"], ids=["file", "folder"])
def test_row_15_a_sync_that_fails_refuses_and_is_not_tried_again(bank: Bank, where: str) -> None:
    """The kernel tells of a lost write once: a second sync of the same file would prove nothing."""
    part10 = bank.new()
    before = bank.live.status()["submissions"]
    bank.faults.set(f"fail before fsync {where}")
    try:
        assert bank.send(part10) == OUT_OF_RESOURCES
        objects = [path for path in bank.faults.struck() if path.endswith(".part")]
        assert len(objects) == len(set(objects)), "each file was synced once"
        assert bank.faults.struck()
        assert bank.parcels() == 0 and not bank.unfinished()
    finally:
        bank.faults.clear()
    bank.send_until_taken(part10)
    now = bank.live.settled(SECONDS_TO_HEAL)
    assert now["submissions"] == before + 1
    bank.assert_kept_once(part10, before + 1)


def test_row_15_an_archive_that_cannot_sync_keeps_the_parcel_for_a_fresh_process(bank: Bank) -> None:
    part10 = bank.new()
    before = bank.live.status()["submissions"]
    processes = set(bank.live.pids("work"))
    bank.faults.set("fail before fsync archive/objects")
    try:
        assert bank.send(part10) == SUCCESS
        bank.live.until(bank.faults.struck, 30, "register never came to the sync")
        bank.live.until(
            lambda: set(bank.live.pids("work")) != processes, 30, "the process that saw it goes on"
        )
        assert bank.live.status()["submissions"] == before
        assert bank.parcels() == 1
    finally:
        bank.faults.clear()
    bank.assert_kept_once(part10, before + 1)
