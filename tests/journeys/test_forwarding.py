"""Forwarding while everything is killed (R193, invariant I4): a real bank, a slow destination beside it.

A plan arrives, a trigger forwards it, work processes are killed while it is sent, and the destination
goes down for a while. In the end each object is there, byte for byte, and its delivery and event stand once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from planbank.demo.patients import make_patient, part10
from tests.gate.raw_peer import read_part10
from tests.journeys.live import Live
from tests.journeys.test_triggers import PROTOCOLS
from tests.services.forward.peers import Receiver, free_port

KILLS = 8
SET_UP = """
import sys
from datetime import timedelta
from planbank import boot
from planbank.config import load
house = boot.build(load(), "command")
from planbank.delivery.models import Destination
from planbank.people.models import Institution
from planbank.protocols.models import Agreement, Participant, Protocol, Trigger
now = house.clock.now()
dcpt = Institution.objects.create(code="DCPT", name="Protons")
protocol = Protocol.objects.get(short_name="PROTON")
Agreement.objects.create(
    protocol=protocol, kind="centre", title="DCPT", institution=dcpt, signed_on=now.date() - timedelta(days=9)
)
there = Destination.objects.create(
    name="Protons", institution=dcpt, ae_title="PROTON", host="127.0.0.1", port=int(sys.argv[1]), tls=False,
    purpose="To decide about protons", asked_at=now, confirmed_at=now,
)
does = [{"action": "include"}, {"action": "forward", "destination": there.pk}]
values = {"kind": "tags", "condition": {"path": "Modality", "test": "equals", "value": "RTPLAN"}}
Trigger.objects.create(protocol=protocol, name="to protons", actions=does, changed_at=now, **values)
"""
RELEASE = """
from planbank import boot
from planbank.config import load
house = boot.build(load(), "command")
from planbank.delivery.asking import release
from planbank.delivery.models import Forward
from planbank.protocols.act import Act
for row in Forward.objects.filter(state="held"):
    release(Act.of_command("test", house.clock.now()), row)
print(Forward.objects.filter(state="open").count())
"""
COUNT = """
import json
from planbank import boot
from planbank.config import load
boot.build(load(), "command")
from planbank.delivery.models import Delivery, Forward
from planbank.journal.models import Entry
from planbank.messages.models import Event
print(json.dumps({
    "states": sorted(Delivery.objects.values_list("version__sop_instance_uid", "state")),
    "events": list(Event.objects.filter(kind="forwarded").values_list("params__delivered", flat=True)),
    "ended": Forward.objects.filter(ended_at__isnull=False).count(),
    "asked": Entry.objects.filter(action="ask to forward").count(),
    "told": Entry.objects.filter(action="forward").count(),
}))
"""


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Live]:
    """A running bank that soon thinks that nothing more is coming."""
    bank = Live(tmp_path / "home")
    bank.env["PLANBANK_QUIET_MINUTES"] = "0.1"
    try:
        bank.up()
        bank.apply()
        yield bank
    finally:
        bank.down()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver(port=free_port(), before=lambda: time.sleep(0.02)).start()
    yield one
    one.stop()


def shell(live: Live, script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], env=live.env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_object_arrives_and_stands_once(
    bank: Live, receiver: Receiver, tmp_path: Path, kill_seed: int
) -> None:
    bank.apply(PROTOCOLS)
    shell(bank, SET_UP, str(receiver.port))
    files = []
    for index, ds in enumerate(make_patient("prostate", seed=kill_seed).objects):
        files.append(tmp_path / f"{index:03d}.dcm")
        files[-1].write_bytes(part10(ds))
    bank.planbank("send", *map(str, files), "--to", f"127.0.0.1:{bank.dicom_port}", "--calling", "DEMO_TPS")
    bank.until(lambda: shell(bank, RELEASE).strip() == "1", 120, "the trigger forwarded nothing")
    chance, struck = random.Random(kill_seed), 0
    while struck < KILLS and len({uid for uid, _data in receiver.came}) < len(files):
        time.sleep(chance.uniform(0.1, 0.6))
        if struck == KILLS // 2:
            receiver.stop()
            time.sleep(0.5)
            receiver.start()
        for pid in bank.pids("work"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        struck += 1
    wanted = {read_part10(path).sop_instance_uid: read_part10(path).data for path in files}

    def all_there() -> bool:
        return bank.status()["forward_delivered"] == len(files)

    bank.until(all_there, 180, "not everything was delivered")
    bank.until(lambda: json.loads(shell(bank, COUNT))["ended"] == 1, 150, "its end was not told")
    found = json.loads(shell(bank, COUNT))
    came = Counter(uid for uid, _data in receiver.came)
    assert set(came) == set(wanted) and struck > 2
    assert all(data == wanted[uid] for uid, data in receiver.came), "I1: byte for byte"
    assert sum(came.values()) <= len(files) + struck + 1, "at most one object goes twice with each kill"
    assert [state for _uid, state in found["states"]] == ["delivered"] * len(files), "I4: once each"
    assert found["events"] == [len(files)] and found["asked"] == 1, "I4: told once"
    assert found["told"] >= 1, "I5: the disclosure stands in the journal"
