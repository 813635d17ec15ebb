"""`planbank up --demo` on a fresh home: one command to a site with invented patients."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from planbank.config import load
from planbank.processes.home import prepare
from tests.journeys.live import Live
from tests.sending import ct

SEEDED_WITHIN = 170  # seconds; cold start to a page is 3 minutes at most
ACCOUNT = re.compile(r"^  (\w+) +((?:[0-9a-f]{4}-){3}[0-9a-f]{4})  (.+)$", re.MULTILINE)


@dataclass
class Demo:
    """A seeded demonstration: what it answered before it was seeded, what it printed, its numbers."""

    live: Live
    first_health: int
    printed: str
    status: dict[str, int]

    def password(self, username: str) -> str:
        return {name: password for name, password, _role in ACCOUNT.findall(self.printed)}[username]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    live = Live(tmp_path_factory.mktemp("demo") / "home", bare=True)
    # Whatever the environment says, a demonstration is for this machine alone.
    live.env |= {"PLANBANK_WEB_HOST": "0.0.0.0", "PLANBANK_DICOM_HOST": "0.0.0.0"}
    try:
        live.up("--demo")
        first = live.get("/healthz")[0]
        live.until(lambda: live.get("/healthz")[0] == 200, SEEDED_WITHIN, "not seeded")
        yield Demo(live, first, live.log.read_text(), live.status())
    finally:
        live.down()


def test_it_is_healthy_once_it_is_seeded_and_idle(demo: Demo) -> None:
    assert demo.first_health == 503
    for nothing in ("in_transit", "jobs_todo", "jobs_failed", "outcomes_failed", "quarantined"):
        assert demo.status[nothing] == 0, nothing


def test_its_patients_came_in_over_dicom_and_are_understood(demo: Demo) -> None:
    now = demo.status
    assert now["patients"] >= 3
    assert now["submissions"] == now["instances"] > 100
    for something in ("plan_sets", "structure_sets", "rois", "plans", "doses", "dvhs"):
        assert now[something] > 0, something


def test_it_prints_its_address_and_accounts_that_work(demo: Demo) -> None:
    assert demo.live.url in demo.printed
    accounts = ACCOUNT.findall(demo.printed)
    assert {"ouh", "auh", "admin"} <= {name for name, _password, _role in accounts}
    for name, password, _role in accounts:
        demo.live.sign_in(name, password)


def test_each_account_sees_its_own(demo: Demo) -> None:
    """Two centres see different patients, the system administrator none."""
    pages = {}
    for name in ("ouh", "auh", "admin"):
        session = demo.live.sign_in(name, demo.password(name))
        pages[name] = session.get("/patients/")
    assert pages["ouh"][0] == pages["auh"][0] == 200
    own = {name: set(re.findall(r'href="/patients/(\d+)/"', page)) for name, (_s, page) in pages.items()}
    assert own["ouh"] and own["auh"]
    assert not own["ouh"] & own["auh"]
    assert pages["admin"][0] == 404
    foreign = demo.live.sign_in("auh", demo.password("auh"))
    for pk in own["ouh"]:
        assert foreign.get(f"/patients/{pk}/")[0] == 404


def test_any_tool_on_this_machine_can_send_as_demo_tps(demo: Demo, tmp_path: Path) -> None:
    ds = ct(PatientID="010150-9999")
    ds.ensure_file_meta()
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    ds.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    node = f"127.0.0.1:{demo.live.dicom_port}"
    before = demo.live.status()
    demo.live.planbank("send", str(tmp_path / "a.dcm"), "--to", node, "--calling", "DEMO_TPS")
    after = demo.live.settled(deep=True)
    assert after["instances"] == before["instances"] + 1
    assert after["quarantined"] == 0


def test_it_listens_on_this_machine_only(demo: Demo) -> None:
    listening = {
        (connection.laddr.ip, connection.laddr.port)
        for process in demo.live.processes()
        for connection in _connections(process)
        if connection.status == "LISTEN"
    }
    assert {ip for ip, _port in listening} == {"127.0.0.1"}
    ports = {port for _ip, port in listening} - {demo.live.web_port, demo.live.dicom_port}
    assert len(ports) == 1, "the gate's metrics, on this machine only"


def _connections(process: psutil.Process) -> list[Any]:
    """Those of a process; a worker of the database that ended since it was listed has none."""
    try:
        return list(process.net_connections("inet"))
    except psutil.NoSuchProcess:
        return []


def test_the_passwords_are_kept_nowhere(demo: Demo) -> None:
    secret = demo.password("ouh").encode()
    for path in demo.live.home.rglob("*"):
        if path.is_file() and "pg" not in path.parts:
            assert secret not in path.read_bytes(), path


def _stored(demo: Demo) -> dict[str, int]:
    """All but findings: the slice that was sent alone is judged once its patient is quiet, whoever starts."""
    return {name: count for name, count in demo.live.status().items() if name != "findings"}


def test_the_second_start_is_warm_and_seeds_nothing(demo: Demo) -> None:
    before = _stored(demo)
    password = demo.password("ouh")
    demo.live.down()
    demo.live.up("--demo")
    demo.live.until(lambda: demo.live.get("/healthz")[0] == 200, 60, "not healthy")
    assert _stored(demo) == before
    again = demo.live.log.read_text().removeprefix(demo.printed)
    assert "as at the first start" in again
    assert ACCOUNT.findall(again) == []
    demo.live.sign_in("ouh", password)


def test_it_refuses_a_home_that_holds_other_data(tmp_path: Path) -> None:
    prepare(load(home=tmp_path / "bank"), demo=False).close()
    before = sorted(p for p in (tmp_path / "bank").rglob("*"))
    done = subprocess.run(
        [sys.executable, "-m", "planbank", "up", "--demo", "--home", str(tmp_path / "bank")],
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "holds other data" in done.stderr.splitlines()[-1]
    assert sorted(p for p in (tmp_path / "bank").rglob("*")) == before
