"""The first kill test (issue A, 5; security.md, invariants I1-I6 and I8).

Processes are killed at seeded random moments while a set arrives; `up` starts them again, and at
the end every acknowledged object is kept once, byte for byte, and every piece of work done once.
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
from pathlib import Path

import psutil
import pytest

from planbank.demo.patients import SITES, make_patient, part10
from tests.gate.raw_peer import read_part10
from tests.journeys.live import Live
from tests.journeys.objects import archived

CHUNK, KILLS, SEED = 20, 20, 20231018
SECONDS_TO_HEAL = 60  # invariant I8

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
    "submitted": sum(d["objects"] for d in submitted),
}))
"""


def counts(live: Live) -> dict[str, object]:
    done = subprocess.run([sys.executable, "-c", COUNT], env=live.env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Complete plans of four invented patients, shuffled, so that everything is incomplete for long."""
    folder = tmp_path_factory.mktemp("set")
    paths = []
    for number, site in enumerate(SITES):
        for index, ds in enumerate(make_patient(site, seed=SEED + number).objects):
            paths.append(folder / f"{number}-{index:03d}.dcm")
            paths[-1].write_bytes(part10(ds))
    random.Random(SEED).shuffle(paths)
    return paths


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


def kill_one(live: Live, chance: random.Random) -> str:
    """SIGKILL a gate or a work process that lives now; which it was."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        living = [(name, pid) for name in ("gate", "work") for pid in live.pids(name)]
        if living:
            name, pid = chance.choice(living)
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            return name
        time.sleep(0.05)
    assert live.process is not None
    raise AssertionError(f"nothing is started again, up: {live.process.poll()}: {live.log_end()}")


@pytest.fixture(scope="module")
def killed(live: Live, files: list[Path]) -> Sender:
    """Twenty kills while the set arrives, then peace."""
    chance = random.Random(SEED)
    sender = Sender(live, files)
    sender.start()
    names = []
    while len(names) < KILLS:
        time.sleep(chance.uniform(0.05, 0.7))
        names.append(kill_one(live, chance))
    sender.enough.set()
    sender.join(120)
    assert not sender.is_alive(), "not everything is acknowledged"
    assert {"gate", "work"} == set(names)
    live.settled(SECONDS_TO_HEAL)
    return sender


def assert_all_is_there_once(live: Live, files: list[Path], acknowledged: int) -> dict[str, int]:
    """Within the time to heal; deep: every object and parcel is read again, the journal chain followed."""
    now = live.settled(SECONDS_TO_HEAL, deep=True)
    assert now["patients"] == now["plans"] == len(SITES)
    assert now["instances"] == now["versions"] == len(files)
    # An object may have been kept although its acknowledgement was cut off, so it came once more.
    assert now["submissions"] >= acknowledged
    assert now["dvhs"] == now["rois"] > 0, "each ROI has its histogram, once"
    for nothing in ("quarantined", "in_transit", "jobs_todo", "jobs_failed", "outcomes_failed"):
        assert now[nothing] == 0, nothing
    kept = archived(live.home)
    assert len(kept) == len(files)
    for path in files:
        file = read_part10(path)
        assert kept[file.sop_instance_uid] == [file]
    return now


def test_nothing_is_lost_and_nothing_twice(live: Live, files: list[Path], killed: Sender) -> None:
    """I1, I2, I3, I5: all acknowledged objects, once, byte-identical; rows, objects, journal agree."""
    found = counts(live)
    assert found["failed"] == []
    now = assert_all_is_there_once(live, files, killed.acknowledged)
    services = {row["service"]: row for row in found["services"]}
    assert services["analyse"]["done"] == services["analyse"]["total"] == now["versions"]
    for name, row in services.items():
        assert row["failed"] == row["due"] == 0, name
    assert found["submitted"] == now["submissions"], "the journal names every submission"


def test_nothing_unfinished_is_left_in_the_folders(live: Live, killed: Sender) -> None:
    """I1, I6: part files of the dead are swept, and no plain text lies at the gate."""
    for folder in ("transit/incoming", "transit/quarantine", "archive/parts"):
        assert list((live.home / folder).iterdir()) == [], folder


def test_a_killed_database_is_started_again(live: Live, files: list[Path], killed: Sender) -> None:
    """The gate goes on acknowledging; what came meanwhile is registered when the database is back."""
    before = live.status()
    postmaster = int((live.home / "pg" / "postmaster.pid").read_text().split("\n")[0])
    os.kill(postmaster, signal.SIGKILL)
    node = f"127.0.0.1:{live.dicom_port}"
    live.planbank("send", *map(str, files[:CHUNK]), "--to", node, "--calling", "DEMO_TPS")
    live.until(lambda: live.run("status").returncode == 0, SECONDS_TO_HEAL, "no database")
    after = live.settled(SECONDS_TO_HEAL)
    assert after["submissions"] == before["submissions"] + CHUNK
    assert after["versions"] == before["versions"]
    live.until(lambda: live.get("/sign-in/")[0] == 200, 30, "the site does not come back")


def test_a_killed_up_takes_all_with_it_and_a_new_one_goes_on(
    live: Live, files: list[Path], killed: Sender
) -> None:
    """Children and database end by themselves; the next `up` in the same home loses nothing."""
    before = live.status()
    live.kill_up()
    assert not [p for p in psutil.process_iter() if str(live.home / "pg") in " ".join(_words(p))]
    live.up()
    node = f"127.0.0.1:{live.dicom_port}"
    live.planbank("send", str(files[0]), "--to", node, "--calling", "DEMO_TPS")
    after = assert_all_is_there_once(live, files, killed.acknowledged)
    assert after == before | {"submissions": before["submissions"] + 1}


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
