"""What a running gate has loaded (receive.md, rule 1): bytes only, no parser, no database, no private key."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from planbank.config import load
from planbank.processes.gate import gate_config
from planbank.processes.home import prepare
from tests.gate.raw_peer import CT, EXPLICIT, SUCCESS, VERIFICATION, Part10, Peer, send_object
from tests.sending import ct, encoded

FORBIDDEN = {
    *("django", "numpy", "numba", "pydicom", "pynetdicom", "pydantic", "pydantic_settings", "psycopg"),
    *("procrastinate", "sqlite3", "typer", "structlog", "asyncio"),
}


@pytest.fixture
def loaded(tmp_path: Path) -> Iterator[set[str]]:
    """Names of all modules that a gate imported by the time it had answered an echo, a store and SIGTERM."""
    settings = load(home=tmp_path / "bank", dicom_port=0, dicom_host="127.0.0.1")
    prepare(settings, demo=False).close()
    file, log = tmp_path / "gate.json", tmp_path / "gate.log"
    file.write_text(json.dumps(gate_config(settings)))
    with log.open("wb") as out:
        gate = subprocess.Popen(
            [sys.executable, "-X", "importtime", "-m", "planbank.gate", str(file)],
            env=os.environ,
            stderr=out,
            stdout=out,
        )
    try:
        control = settings.transit_dir / "control" / "gate.json"
        deadline = time.monotonic() + 30
        while not control.exists():
            assert gate.poll() is None and time.monotonic() < deadline, log.read_text()[-1000:]
            time.sleep(0.05)
        use(json.loads(control.read_text())["port"])
        assert list((settings.transit_dir / "incoming").glob("*.parcel"))
        gate.send_signal(signal.SIGTERM)
        assert gate.wait(10) == 0
    finally:
        gate.kill()
        gate.wait()
    yield set(re.findall(r"^import time:\s+\d+ \|\s+\d+ \|\s+(\S+)$", log.read_text(), re.MULTILINE))


def use(port: int) -> None:
    with Peer("127.0.0.1", port) as peer:
        peer.associate([(VERIFICATION, [EXPLICIT])])
        assert peer.echo() == SUCCESS
        peer.release()
    ds = ct()
    assert (
        send_object("127.0.0.1", port, Part10(CT, str(ds.SOPInstanceUID), EXPLICIT, encoded(ds))) == SUCCESS
    )


def test_a_running_gate_has_loaded_nothing_it_does_not_need(loaded: set[str]) -> None:
    assert "planbank.gate.server" in loaded, "the list of modules was read"
    assert "pyrage" in {name.split(".")[0] for name in loaded}, "it seals"
    assert {name.split(".")[0] for name in loaded} & FORBIDDEN == set()


def test_a_running_gate_cannot_open_what_it_seals(loaded: set[str]) -> None:
    assert "planbank.transit.unseal" not in loaded
    rooms = {name.split(".")[1] for name in loaded if name.startswith("planbank.")}
    assert rooms <= {"gate", "transit", "archive", "errors"}
