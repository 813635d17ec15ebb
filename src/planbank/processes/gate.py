"""The process `gate`: from Settings to a small file, then a Python that knows nothing else.

Comes in: settings. Goes out: HOME/run/gate.json; this process becomes `python -m planbank.gate`,
which imports neither Django nor numpy, pydicom or pydantic.
"""

from __future__ import annotations

import json
import os
import sys

from planbank import boot
from planbank.config import Settings
from planbank.errors import SettingsError


def run(settings: Settings) -> int:
    """Write the gate's file and become the gate."""
    file = settings.run_dir / "gate.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(gate_config(settings), indent=1))
    os.execv(sys.executable, [sys.executable, "-m", "planbank.gate", str(file)])


def gate_config(settings: Settings) -> dict[str, object]:
    """What the gate must know; the public key only, and its own signing key's place.

    Raises SettingsError where TLS is on and a certificate is not there.
    """
    given: dict[str, object] = {
        "host": settings.dicom_host,
        "port": settings.dicom_port,
        "ae_title": settings.ae_title,
        "transit": str(settings.transit_dir),
        "recipients": str(settings.keys_dir / "transit.pub"),
        "sign_key": str(settings.keys_dir / "gate.sign"),
        "answer_key": str(settings.keys_dir / "work.pub"),
        "log_level": settings.log_level,
        "metrics_port": settings.gate_metrics_port,
        "limits": settings.gate_limits.model_dump(exclude_none=True),
    }
    if settings.gate_processes:
        given["processes"] = settings.gate_processes
    if settings.dicom_tls != "off":
        given["tls"] = _tls(settings)
    if settings.clock_file is not None and boot.is_play_home(settings.home):
        given["clock_file"] = str(settings.clock_file)
    return given


def _tls(settings: Settings) -> dict[str, object]:
    for file in settings.tls_files:
        if not file.is_file():
            raise SettingsError(
                f"dicom_tls is {settings.dicom_tls}, but there is no {file}. Make one: planbank certs."
            )
    certificate, key, ca = map(str, settings.tls_files)
    return {
        "port": settings.dicom_tls_port,
        "certificate": certificate,
        "key": key,
        "ca": ca,
        "plain": settings.dicom_tls == "beside",
    }
