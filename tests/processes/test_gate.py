"""What the gate is told: enough to receive and seal, nothing with which to read (receive.md, rule 1)."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pydicom
import pytest

from planbank.commands import certs
from planbank.config import Settings, environment, load
from planbank.errors import SettingsError
from planbank.gate.config import GateConfig
from planbank.gate.config import load as load_gate
from planbank.gate.limits import Limits
from planbank.people.certificates import read_certificate
from planbank.processes.gate import gate_config
from planbank.processes.home import prepare
from planbank.transit.folder import FolderTray
from tests.sending import ct


def test_the_gates_file_is_one_the_gate_reads(tmp_path: Path) -> None:
    settings = load(home=tmp_path / "bank", ae_title="OUH_BANK", dicom_port=4242, dicom_host="127.0.0.1")
    prepare(settings, demo=False).close()
    file = tmp_path / "gate.json"
    file.write_text(json.dumps(gate_config(settings)))
    found = load_gate(file)
    assert (found.ae_title, found.port, found.host) == ("OUH_BANK", 4242, "127.0.0.1")
    assert found.transit == settings.transit_dir


def test_no_key_that_opens_anything_is_named(tmp_path: Path) -> None:
    settings = load(home=tmp_path / "bank")
    prepare(settings, demo=False).close()
    said = json.dumps(gate_config(settings))
    assert "AGE-SECRET-KEY" not in said
    for secret in ("transit.key", "vault.key", "site.sign", "database"):
        assert secret not in said


def told(settings: Settings, tmp_path: Path) -> GateConfig:
    """What a gate reads of these settings."""
    prepare(settings, demo=False).close()
    file = tmp_path / "gate.json"
    file.write_text(json.dumps(gate_config(settings)))
    return load_gate(file)


@pytest.mark.parametrize(("choice", "plain"), [("beside", True), ("only", False)])
def test_tls_processes_and_limits_reach_the_gate(tmp_path: Path, choice: str, plain: bool) -> None:
    """receive.md, rules 6 and 8."""
    settings = load(
        home=tmp_path / "bank", dicom_tls=choice, gate_processes=3, gate_limits={"idle_seconds": 30}
    )
    certs.make_authority(settings.tls_dir, "Nordby")
    certs.make_server(settings.tls_dir, ["localhost"])
    found = told(settings, tmp_path)
    assert found.tls is not None
    assert (found.tls.port, found.tls.plain, found.processes) == (2762, plain, 3)
    assert (found.tls.certificate, found.tls.key, found.tls.ca) == settings.tls_files
    assert found.limits == Limits(idle_seconds=30)


def test_without_tls_the_gate_is_told_of_none(tmp_path: Path) -> None:
    found = told(load(home=tmp_path / "bank"), tmp_path)
    assert (found.tls, found.limits) == (None, Limits())


def test_tls_without_certificates_is_refused_with_the_way_out(tmp_path: Path) -> None:
    settings = load(home=tmp_path / "bank", dicom_tls="only")
    prepare(settings, demo=False).close()
    with pytest.raises(SettingsError, match="planbank certs"):
        gate_config(settings)


HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "encrypted-sending.md"


def commands_of(how_to: Path) -> list[list[str]]:
    """The shell commands that a page gives, without their comments."""
    blocks = re.findall(r"```sh\n(.*?)```", how_to.read_text(), re.DOTALL)
    return [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]


def test_the_how_to_for_tls_works_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """receive.md, rule 8: `planbank certs`, a gate by its settings, `storescu +tls`."""
    home = tmp_path / "bank"
    env = {**os.environ, "PLANBANK_HOME": str(home), "TCP_NODELAY": "1"}
    *making, sending = commands_of(HOW_TO)
    assert [command[:2] for command in making] == [["planbank", "certs"]] * 3
    for command in making:
        words = ["127.0.0.1" if word == "192.0.2.7" else word for word in command[1:]]
        subprocess.run([sys.executable, "-m", "planbank", *words], env=env, check=True, capture_output=True)
    settings = load(
        home=home, dicom_host="127.0.0.1", dicom_port=0, dicom_tls="only", dicom_tls_port=0, gate_processes=2
    )
    prepare(settings, demo=False).close()
    tray = FolderTray(settings.transit_dir)
    pem = (settings.tls_dir / "clients" / "AAL_TPS.crt").read_text()
    known = {
        "ae_title": "AAL_TPS",
        "networks": ["127.0.0.1"],
        "certificates": [read_certificate(pem).fingerprint],
    }
    tray.publish("senders", {"version": 1, "senders": [known], "unknown": "refuse"})
    ds = ct()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    ds.save_as(tmp_path / "plan.dcm", enforce_file_format=True)
    with subprocess.Popen(
        [sys.executable, "-m", "planbank", "gate"], env=env | environment(settings), stdout=subprocess.DEVNULL
    ) as process:
        try:
            port = published_port(process, tray)
            files = {
                "gate.example": "127.0.0.1",
                "2762": str(port),
                "ca.crt": str(settings.tls_dir / "ca.crt"),
                "AAL_TPS.crt": str(settings.tls_dir / "clients" / "AAL_TPS.crt"),
                "AAL_TPS.key": str(settings.tls_dir / "clients" / "AAL_TPS.key"),
                "plan.dcm": str(tmp_path / "plan.dcm"),
            }
            call = [files.get(word, word) for word in sending]
            done = subprocess.run(call, env=env, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
            assert len(tray.waiting()) == 1
            plain = subprocess.run(
                [call[0], "-aec", "PLANBANK", "127.0.0.1", str(port), call[-1]], capture_output=True
            )
            assert plain.returncode != 0
            assert "port" not in (tray.read("gate") or {})
        finally:
            process.terminate()


def published_port(process: subprocess.Popen[bytes], tray: FolderTray) -> int:
    """The port with TLS, once the gate listens."""
    for _ in range(12000):
        assert process.poll() is None, "the gate ended"
        if found := tray.read("gate"):
            return int(found["tls_port"])
        time.sleep(0.005)
    raise AssertionError("the gate does not listen")
