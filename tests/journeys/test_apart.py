"""Processes apart: accounts, keys and folders of their own, a database server, a plan's way (R2, R192)."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pydicom.uid import generate_uid

from tests.gate.raw_peer import EXPLICIT, SUCCESS, Part10, send_object
from tests.journeys.apart import DEPLOY, PROCESSES, Apart, unit
from tests.sending import ct, encoded

PASSWORD = "correct horse battery staple"
TOOLS = ("systemd-sysusers", "systemd-tmpfiles", "setpriv")
pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can be four accounts"),
    pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason="systemd's tools are needed"),
]


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    root = Path(tempfile.mkdtemp(prefix="planbank-apart-"))
    root.chmod(0o711)
    bank = Apart(root)
    try:
        bank.start_database()
        bank.lay_out()
        bank.lay_compiled()
        for process in PROCESSES:
            bank.start(process, int(unit(process)["UMask"], 8))
        bank.until(bank.answers, 60, "site and gate do not answer")
        bank.apply()
        yield bank
    finally:
        bank.down()
        shutil.rmtree(root)


@pytest.fixture(scope="module")
def filed(apart: Apart) -> dict[str, int]:
    """Three slices, sent over the socket of the gate; the status once they are filed."""
    series = generate_uid()
    for number in range(1, 4):
        ds = ct(SeriesInstanceUID=series, InstanceNumber=str(number))
        sent = Part10(ds.SOPClassUID, ds.SOPInstanceUID, EXPLICIT, encoded(ds))
        assert send_object("127.0.0.1", apart.dicom_port, sent) == SUCCESS
    return apart.settled(deep=True)


def test_what_is_sent_is_filed_and_stands_on_the_page(apart: Apart, filed: dict[str, int]) -> None:
    """Gate, transit area, work, archive, database, site: six places, four accounts, one way (R192)."""
    assert (filed["instances"], filed["in_transit"], filed["quarantined"]) == (3, 0, 0)
    apart.set_password("mette", PASSWORD)
    status, page = apart.sign_in("mette", PASSWORD).get("/patients/")
    assert status == 200 and "Testesen" in page
    apart.set_password("jens", PASSWORD)
    assert "Testesen" not in apart.sign_in("jens", PASSWORD).get("/patients/")[1]


def test_each_process_runs_as_its_own_account(apart: Apart) -> None:
    uids = {name: psutil.Process(child.pid).uids() for name, child in apart.children.items()}
    assert len({found.real for found in uids.values()}) == 5
    assert all(found.real == found.effective == found.saved != 0 for found in uids.values())


def test_the_gate_reaches_the_transit_area_and_nothing_behind_it(apart: Apart, filed: dict[str, int]) -> None:
    """Whoever takes the gate over finds no archive, no database and no key that opens a parcel."""
    assert apart.may("gate", "w", apart.home / "transit" / "incoming")
    objects = [path for path in (apart.home / "archive").rglob("*") if path.is_file()]
    assert objects, "something was filed"
    for path in (apart.home / "archive", *objects, *apart.home.glob("keys/*")):
        assert not apart.may("gate", "r", path)
    for other in ("web", "work", "clock"):
        assert not apart.may("gate", "r", apart.home_of(other))
    held = {file.name for file in (apart.home_of("gate") / "keys").iterdir()}
    assert held == {"transit.pub", "gate.sign", "work.pub"}
    told = psutil.Process(apart.children["gate"].pid).environ()
    assert "PLANBANK_DATABASE_URL" not in told
    assert "/srv/planbank/archive" in unit("gate")["InaccessiblePaths"]


def test_the_site_reads_the_archive_and_no_private_key(apart: Apart, filed: dict[str, int]) -> None:
    objects = [path for path in (apart.home / "archive" / "objects").rglob("*") if path.is_file()]
    assert len(objects) == 3 and all(apart.may("web", "r", path) for path in objects)
    for place in (apart.home, apart.home_of("work")):
        assert (place / "keys" / "transit.key").exists()
        assert not apart.may("web", "r", place / "keys" / "transit.key")
    assert not (apart.home_of("web") / "keys" / "transit.key").exists()
    assert not (apart.home_of("clock") / "keys" / "transit.key").exists()


def test_objects_are_changed_by_nobody(apart: Apart, filed: dict[str, int]) -> None:
    for path in (apart.home / "archive" / "objects").rglob("*"):
        if path.is_file():
            assert not any(apart.may(process, "w", path) for process in PROCESSES)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd's tools are needed")
def test_the_unit_files_are_valid(tmp_path: Path) -> None:
    """With an executable where they look for one, systemd has nothing to say of them."""
    for file in (*DEPLOY.glob("*.service"), *DEPLOY.glob("*.target")):
        (tmp_path / file.name).write_text(
            file.read_text().replace("/opt/planbank/.venv/bin/planbank", "/bin/true")
        )
    units = sorted(map(str, tmp_path.iterdir()))
    assert len(units) == 5
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
