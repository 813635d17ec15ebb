"""R206: a country without national numbers or a health network: local numbers, DICOM over TLS, English."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from planbank.demo.patients import make_patient, part10
from tests.journeys.live import Live, free_ports, trial

SITE = """
[[institution]]
code = "LEEDS"
name = "St James's"
country = "GB"
identity_scheme = "{scheme}"

[[sender]]
ae_title = "LEEDS_TPS"
network = "127.0.0.0/8"
institution = "LEEDS"
certificates = ["{fingerprint}"]
"""
TOLD = """
import json
from planbank import boot
from planbank.config import load
boot.build(load(), "command")
from planbank.catalogue.models import PatientIdentity, Receipt
from planbank.protocols.models import Membership
print(json.dumps({
    "identities": list(PatientIdentity.objects.values_list("scheme", "issuer")),
    "plans": Membership.objects.exclude(instance=None).count(),
    "receipts": sorted(Receipt.objects.values_list("state", flat=True)),
}))
"""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    live = Live(tmp_path / "home")
    live.env |= {"PLANBANK_TIME_ZONE": "Europe/London", "PLANBANK_QUIET_MINUTES": "0.02"}
    live.up()
    try:
        yield live
    finally:
        live.down()


def test_r206_local_numbers_and_tls_alone(live: Live, tmp_path: Path) -> None:
    """J1 as in Denmark: an empty ROI files the plan; a plain sender is not even heard."""
    live.planbank("certs", "authority", "The trust")
    live.planbank("certs", "server", "127.0.0.1")
    said = live.planbank("certs", "client", "LEEDS_TPS")
    found = re.search(r"^([0-9a-f]{64})$", said, re.MULTILINE)
    assert found, said
    live.down()
    plain, (port,) = live.dicom_port, free_ports(1)
    live.env |= {"PLANBANK_DICOM_TLS": "only", "PLANBANK_DICOM_TLS_PORT": str(port)}
    live.dicom_port = port
    live.up()
    live.apply(SITE.format(scheme="local", fingerprint=found[1]) + trial("LEEDS", "TRIAL_HERE"))
    folder, tls = tmp_path / "sent", live.home / "keys" / "tls"
    folder.mkdir()
    patient = make_patient("breast", seed=31, institution="LEEDS", trigger_roi="TRIAL_HERE")
    for number, ds in enumerate(patient.objects):
        ds.PatientID = "MRN-00417/2"
        (folder / f"{number:04d}.dcm").write_bytes(part10(ds))
    words = ("send", str(folder), "--calling", "LEEDS_TPS", "--to")
    assert live.run(*words, f"127.0.0.1:{plain}").returncode != 0
    keys = (
        "--ca",
        tls / "ca.crt",
        "--cert",
        tls / "clients/LEEDS_TPS.crt",
        "--key",
        tls / "clients/LEEDS_TPS.key",
    )
    live.planbank(*words, f"127.0.0.1:{port}", "--tls", *map(str, keys))
    live.settled(deep=True)
    done = subprocess.run([sys.executable, "-c", TOLD], env=live.env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["identities"] == [["local", "LEEDS"]], "a number of this hospital's, nobody else's"
    assert told["plans"] >= 3, "structure set, plan and dose stand in the trial"
    assert told["receipts"]
