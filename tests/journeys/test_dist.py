"""The wheel in a clean environment of each Python there is, until its demonstration runs (`make dist`)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.journeys.live import free_ports

pytestmark = pytest.mark.soak
PYTHONS = [f"python3.{minor}" for minor in (11, 12, 13)]
SEEDED_WITHIN = 600  # seconds, with all of the engine compiled


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], check=True)
    assert len(list(folder.glob("planbank-*.tar.gz"))) == 1
    return next(folder.glob("planbank-*.whl"))


@pytest.mark.parametrize("python", PYTHONS)
def test_it_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path, python: str) -> None:
    if shutil.which(python) is None or subprocess.run([python, "-c", ""]).returncode:
        pytest.skip(f"{python} is not on this machine")
    env = tmp_path / "env"
    subprocess.run([python, "-m", "venv", env], check=True)
    subprocess.run([env / "bin/pip", "install", "--quiet", wheel], check=True, cwd=tmp_path)
    web, dicom = free_ports(2)
    ports = {"WEB_PORT": web, "DICOM_PORT": dicom, "GATE_METRICS_PORT": 0}
    settings = {f"PLANBANK_{name}": str(port) for name, port in ports.items()}
    home, bank = tmp_path / "home", env / "bin/planbank"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PLANBANK"))}
    with (tmp_path / "log").open("w") as log:
        up = subprocess.Popen(
            [bank, "up", "--demo", "--home", home], cwd=tmp_path, env=kept | settings, stdout=log, stderr=log
        )
    try:
        seeded(web, up, tmp_path / "log")
        said = subprocess.run(
            [bank, "status", "--json", "--home", home], capture_output=True, check=True, env=kept
        )
        status = json.loads(said.stdout)
        assert status["patients"] >= 3 and status["jobs_failed"] == 0 and status["dvhs"] > 0
    finally:
        up.send_signal(signal.SIGTERM)
        assert up.wait(30) == 0


def seeded(port: int, up: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the site says that it is healthy: its invented patients are filed and calculated."""
    ends = time.monotonic() + SEEDED_WITHIN
    while time.monotonic() < ends:
        assert up.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        time.sleep(1)
    raise AssertionError(f"not seeded: {log.read_text()[-2000:]}")
