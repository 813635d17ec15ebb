"""What the gate is told: enough to receive and seal, nothing with which to read (receive.md, rule 1)."""

from __future__ import annotations

import json
from pathlib import Path

from planbank.config import load
from planbank.gate.config import load as load_gate
from planbank.processes.gate import gate_config
from planbank.processes.home import prepare


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
