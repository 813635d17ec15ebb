"""A disk that is full, or fails, in front of a real gate process (security.md, rows 14 and 15)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults import Faults, grow_disk, small_disk
from tests.gate.conftest import Transit
from tests.gate.raw_peer import CT, EXPLICIT, SUCCESS, Peer, small_data_set

OUT_OF_RESOURCES = 0xA700
Start = Callable[..., None]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "gate.log"


@pytest.fixture
def start(tmp_path: Path, log: Path) -> Iterator[Start]:
    """Starts a gate on a transit area, with an environment, and waits for its port."""
    with ExitStack() as stack:

        def run(transit: Transit, **env: str) -> None:
            file = transit.write_config(tmp_path / "gate.json", processes=2)
            out = stack.enter_context(log.open("wb"))
            process = subprocess.Popen(
                [sys.executable, "-m", "planbank.gate", str(file)],
                env=os.environ | env,
                stdout=out,
                stderr=out,
            )
            stack.callback(process.wait, 20)
            stack.callback(process.terminate)
            while (transit.back_end.read("gate") or {}).get("pid") != process.pid:
                assert process.poll() is None, log.read_text()
                time.sleep(0.01)

        yield run


def store(transit: Transit, uid: str, pixels: int = 0) -> int:
    with Peer("127.0.0.1", transit.back_end.read("gate")["port"]) as peer:  # type: ignore[index]
        peer.associate([(CT, [EXPLICIT])])
        status = peer.store(1, CT, uid, small_data_set(CT, uid, pixels=pixels))
        peer.release()
    return status


def test_a_full_disk_refuses_leaves_nothing_and_takes_the_next_smaller_one(
    tmp_path: Path, start: Start, log: Path
) -> None:
    """A700, nothing left, an event for the institution, an error in the log; room again, all goes on."""
    with small_disk(tmp_path / "disk", 4) as disk:
        transit = Transit(disk / "transit")
        start(transit)
        assert store(transit, "1.2.3.1", pixels=1_000_000) == SUCCESS
        assert store(transit, "1.2.3.2", pixels=8_000_000) == OUT_OF_RESOURCES
        assert transit.left_behind() == []
        assert store(transit, "1.2.3.3", pixels=100_000) == SUCCESS
        assert [h.sop_instance_uid for h, _ in transit.objects()] == ["1.2.3.1", "1.2.3.3"]
        assert [event["status"] for event in transit.events()] == ["A700"]
        fill(disk)
        for number in range(3):
            assert store(transit, f"1.2.4.{number}", pixels=1000) == OUT_OF_RESOURCES
        assert transit.left_behind() == []
        assert "No space left on device" in log.read_text()
        grow_disk(disk, 16)
        assert store(transit, "1.2.3.2", pixels=8_000_000) == SUCCESS
        kept = [header.sop_instance_uid for header, _ in transit.objects()]
        assert kept == ["1.2.3.1", "1.2.3.3", "1.2.3.2"]
        assert transit.tray.sweep() == 0


def fill(disk: Path) -> None:
    """To the last byte, as somebody's log would."""
    with (disk / "log").open("wb", buffering=0) as file:
        size = 65536
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2


@pytest.mark.parametrize(
    "rule", ["fail before fsync incoming/", "fail before fsync incoming$", "fail before rename .parcel$"]
)
def test_a_disk_that_fails_refuses_and_no_file_is_synced_twice(
    tmp_path: Path, start: Start, log: Path, rule: str
) -> None:
    faults = Faults(tmp_path)
    transit = Transit(tmp_path / "transit")
    start(transit, **faults.env)
    assert store(transit, "1.2.3.1") == SUCCESS
    faults.set(rule)
    assert store(transit, "1.2.3.2") == OUT_OF_RESOURCES
    struck = [path for path in faults.struck() if path.endswith((".part", ".parcel"))]
    assert faults.struck() and len(struck) == len(set(struck))
    assert transit.left_behind() == []
    assert [header.sop_instance_uid for header, _ in transit.objects()] == ["1.2.3.1"]
    assert any(json.loads(line)["level"].lower() == "error" for line in log.read_text().splitlines())
    faults.clear()
    assert store(transit, "1.2.3.2") == SUCCESS
    assert [header.sop_instance_uid for header, _ in transit.objects()] == ["1.2.3.1", "1.2.3.2"]
