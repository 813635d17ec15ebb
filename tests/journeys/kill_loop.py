"""The kill loop: complete plans arrive while processes are killed at seeded moments (security.md).

Comes in: a running bank, a seed, a number of kills. Goes out: a `Killed` that says what was struck and
what was acknowledged; and the assertions, each named for its invariant. One seed, one sequence of
targets and pauses: a failure prints it, and `--kill-seed` plays it again.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg

from planbank.demo.patients import SITES, make_patient, part10
from planbank.embedded import socket_url
from tests.gate.raw_peer import Part10, read_part10
from tests.journeys.kill_effects import ROI, Effects
from tests.journeys.live import Live
from tests.journeys.objects import archived

CHUNK = 20
SECONDS_TO_HEAL = 60  # invariant I8
SERVICES = ("analyse", "link", "calculate", "trigger")
# The gate with its parts, any work process, or all of them while one is inside a service.
TARGETS = ("gate", "gate part", "work", "register", *SERVICES, "forward", "notify")
BUSY_WITHIN = 2.0  # seconds to wait for a service to be at work, before another moment will do

# What no command tells: how often each service is done, and what the journal says was submitted.
COUNT = """
import json
from planbank import boot
from planbank.config import load
boot.build(load(), "command")
from planbank.journal.models import Entry
from planbank.pipeline.counts import by_service
from planbank.pipeline.models import Outcome
submitted = Entry.objects.filter(action="submit").values_list("detail", flat=True)
print(json.dumps({
    "services": by_service(),
    "failed": list(Outcome.objects.filter(state="failed").values_list("service", "reason")),
    "due": list(Outcome.objects.filter(state="due").values_list("service", flat=True)),
    "submitted": sum(d["objects"] for d in submitted),
}))
"""
BUSY = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing' AND args->>'service' = %s"
# Of what is no job: an object on its way, a mail that waits.
AT_WORK = {
    "forward": "SELECT count(*) FROM delivery_delivery WHERE state = 'sending' AND %s <> ''",
    "notify": "SELECT count(*) FROM bank_messages_message WHERE state = 'waiting' AND %s <> ''",
}


@dataclass
class Plans:
    """Complete plans of four invented patients, shuffled, so that everything is incomplete for long."""

    files: list[Path] = field(default_factory=list)
    canaries: set[bytes] = field(default_factory=set)
    """Names and numbers of the patients, as they stand in the data sets."""

    @classmethod
    def make(cls, folder: Path, seed: int) -> Plans:
        plans = cls()
        for number, site in enumerate(SITES):
            for index, ds in enumerate(make_patient(site, seed=seed + number, trigger_roi=ROI).objects):
                plans.files.append(folder / f"{number}-{index:03d}.dcm")
                plans.files[-1].write_bytes(part10(ds))
                plans.canaries |= {str(ds.PatientID).encode(), str(ds.PatientName).encode()}
        random.Random(seed).shuffle(plans.files)
        return plans

    def parts(self) -> list[Part10]:
        """The files, taken apart."""
        return [read_part10(path) for path in self.files]


class Sender(threading.Thread):
    """Sends chunk by chunk with `planbank send`, each object until it is acknowledged.

    When all are, it begins anew, so that something arrives until it is told to stop.
    """

    def __init__(self, live: Live, files: list[Path]) -> None:
        super().__init__(daemon=True)
        self.live, self.files = live, files
        self.enough = threading.Event()
        self.acknowledged = 0

    def run(self) -> None:
        chunks = [self.files[at : at + CHUNK] for at in range(0, len(self.files), CHUNK)]
        rounds = 0
        while rounds == 0 or not self.enough.is_set():
            for chunk in chunks:
                self._send(chunk)
                if rounds and self.enough.is_set():
                    return
            rounds += 1

    def _send(self, chunk: list[Path]) -> None:
        left = list(chunk)
        while left:
            node = f"127.0.0.1:{self.live.dicom_port}"
            said = self.live.run("send", *map(str, left), "--to", node, "--calling", "DEMO_TPS")
            if said.returncode == 0:
                self.acknowledged += len(left)
                return
            refused = {line.split(": ")[0] for line in said.stderr.splitlines()}
            failed = [path for path in left if str(path) in refused]
            # Nothing named: no association came about, so nothing was acknowledged.
            self.acknowledged += len(left) - len(failed) if failed else 0
            left = failed or left
            time.sleep(0.1)


class Killer:
    """Strikes processes of one bank, from one seed."""

    def __init__(self, live: Live, seed: int, canaries: set[bytes]) -> None:
        self.live = live
        self.struck: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._canaries = canaries

    def strike(self, wanted: str = "") -> None:
        """One kill after a pause: of `wanted`, else of whatever chance names and lives just now.

        What lies open at the gate is looked for first (I6).
        """
        time.sleep(self._chance.uniform(0.05, 0.5))
        target = wanted or self._chance.choice(TARGETS)
        self._wait_for(target)
        if leaked := plaintext(self.live, self._canaries):
            raise AssertionError(f"I6: readable at the gate: {leaked}")
        deadline = time.monotonic() + 30
        while not self._kill(target):
            assert time.monotonic() < deadline, self._state()
            time.sleep(0.05)
            target = wanted or self._chance.choice(("gate", "work"))
        self.struck[target] += 1

    def _wait_for(self, target: str) -> None:
        """Until the service is at work, or the tray holds something; not for ever."""
        deadline = time.monotonic() + BUSY_WITHIN
        incoming = self.live.home / "transit" / "incoming"
        while target in (*SERVICES, *AT_WORK, "register") and time.monotonic() < deadline:
            if any(incoming.glob("*.parcel")) if target == "register" else self._busy(target):
                return
            time.sleep(0.02)

    def _busy(self, service: str) -> bool:
        with psycopg.connect(socket_url(self.live.home), autocommit=True) as connection:
            row = connection.execute(AT_WORK.get(service, BUSY).encode(), [service]).fetchone()
        return bool(row and row[0])

    def _kill(self, target: str) -> bool:
        gates, works = self.live.pids("gate"), self.live.pids("work")
        parts = [child.pid for pid in gates for child in _children(pid)]
        victims = {
            "gate": gates,
            "gate part": [self._chance.choice(parts)] if parts else [],
            "work": [self._chance.choice(works)] if works else [],
        }.get(target, works)
        killed = 0
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                continue
        return bool(killed)

    def _state(self) -> str:
        assert self.live.process is not None
        return f"I8: nothing is started again, up: {self.live.process.poll()}: {self.live.log_end()}"


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children()
    except psutil.Error:
        return []


def plaintext(live: Live, canaries: set[bytes]) -> list[str]:
    """Files of the gate (transit area, its own file, the log) in which a patient can be read."""
    places = [*(live.home / "transit").rglob("*"), live.home / "run" / "gate.json", live.log]
    found = []
    for path in places:
        try:
            content = path.read_bytes() if path.is_file() else b""
        except FileNotFoundError:
            continue
        if any(canary in content for canary in canaries):
            found.append(path.name)
    return found


@dataclass
class Killed:
    """A bank after its kills, healed."""

    seed: int
    acknowledged: int
    struck: Counter[str]


def run(effects: Effects, plans: Plans, seed: int, kills: int) -> Killed:
    """So many kills while plans arrive, then peace. The seed is printed, to be shown on failure."""
    print(f"kill loop: {kills} kills, --kill-seed {seed}")
    live = effects.live
    sender, killer = Sender(live, plans.files), Killer(live, seed, plans.canaries)
    sender.start()
    try:
        for target in TARGETS:
            killer.strike(target)
            if target == "forward":
                effects.node_goes_away(1)
        while killer.struck.total() < kills:
            killer.strike()
    finally:
        sender.enough.set()
        sender.join(240)
    assert not sender.is_alive(), "I1: not everything is acknowledged in time"
    live.settled(SECONDS_TO_HEAL)
    print(f"struck: {dict(killer.struck)}, acknowledged: {sender.acknowledged}")
    return Killed(seed, sender.acknowledged, killer.struck)


# --- invariants


def assert_all_is_there_once(live: Live, plans: Plans, acknowledged: int) -> dict[str, int]:
    """Healed in time (I8); deep: every object and parcel read again, the chain followed (I3, I5)."""
    now = live.settled(SECONDS_TO_HEAL, deep=True)
    assert now["patients"] == now["plans"] == len(SITES), "I2"
    assert now["instances"] == now["versions"] == len(plans.files), "I2: each object counts once"
    # An object may have been kept although its acknowledgement was cut off, so it came once more.
    assert now["submissions"] >= acknowledged, "I1: every acknowledged object has its arrival"
    assert now["dvhs"] == now["rois"] > 0, "I2: each ROI has its histogram, once"
    for nothing in ("quarantined", "in_transit", "jobs_todo", "jobs_failed", "outcomes_failed"):
        assert now[nothing] == 0, f"I8: {nothing}"
    kept = archived(live.home)
    assert len(kept) == len(plans.files), "I3: no object without row, no row without object"
    for path in plans.files:
        file = read_part10(path)
        assert kept[file.sop_instance_uid] == [file], "I1: byte-identical, and I2: once"
    return now


def assert_work_is_done_once(live: Live, now: dict[str, int]) -> None:
    """Each service is done for each of its subjects; the journal names every submission (I2, I5)."""
    deadline = time.monotonic() + SECONDS_TO_HEAL
    while (found := counts(live))["due"] and time.monotonic() < deadline:
        live.settled(SECONDS_TO_HEAL)  # a receipt becomes due by the clock, after the bank was idle
    assert found["failed"] == found["due"] == [], "I8"
    services = {row["service"]: row for row in found["services"]}
    assert services["analyse"]["done"] == services["analyse"]["total"] == now["versions"], "I2"
    for name, row in services.items():
        assert row["failed"] == 0, f"I8: {name}"
    assert found["submitted"] == now["submissions"], "I5: the journal names every submission"


def assert_nothing_is_left_open(live: Live, plans: Plans) -> None:
    """Part files of the dead are swept, and no plain text lies at the gate (I1, I6)."""
    for folder in ("transit/incoming", "transit/quarantine", "archive/parts"):
        left = [path.name for path in (live.home / folder).iterdir()]
        assert left == [], f"I1, I6: {folder}"
    assert plaintext(live, plans.canaries) == [], "I6"


def counts(live: Live) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", COUNT], env=live.env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
