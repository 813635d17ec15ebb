"""The receivers that are compared, each as a process of its own on a free port.

Comes in: a folder and a port. Goes out: the command that starts it, and how to count what it kept.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from planbank.transit.keys import KeyFolder

Command = list[str]


@dataclass(frozen=True)
class Receiver:
    """`command` prepares the folder. `needs`: the program without which it cannot run."""

    name: str
    command: Callable[[Path, int], Command]
    kept: str
    """Pattern of the files it leaves, one an instance."""
    needs: str = ""
    dicom: bool = True

    def can_run(self) -> bool:
        return not self.needs or shutil.which(self.needs, path="/usr/sbin:/usr/bin:/bin") is not None


def _planbank(processes: int) -> Callable[[Path, int], Command]:
    def command(folder: Path, port: int) -> Command:
        keys = KeyFolder(folder / "keys")
        keys.ensure(parcels_exist=False)
        file = folder / "gate.json"
        settings = {
            "host": "127.0.0.1",
            "port": port,
            "ae_title": "ANY-SCP",
            "transit": str(folder / "transit"),
            "recipients": keys.recipients(),
            "sign_key": str(keys.file("gate.sign")),
        }
        file.write_text(json.dumps(settings | ({"processes": processes} if processes else {})))
        return [sys.executable, "-m", "planbank.gate", str(file)]

    return command


def _storescp(*options: str) -> Callable[[Path, int], Command]:
    def command(folder: Path, port: int) -> Command:
        (folder / "kept").mkdir()
        return ["storescp", "--fork", *options, "-pdu", "131072", "-od", str(folder / "kept"), str(port)]

    return command


def _orthanc(folder: Path, port: int) -> Command:
    file = folder / "orthanc.json"
    settings = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "DicomAet": "ANY-SCP",
        "DicomPort": port,
        "DicomCheckCalledAet": False,
        "DicomAlwaysAllowStore": True,
        "HttpServerEnabled": False,
        "UnknownSopClassAccepted": True,
        "Plugins": [],
    }
    file.write_text(json.dumps(settings))
    return ["Orthanc", str(file)]


def _pynetdicom(folder: Path, port: int) -> Command:
    (folder / "kept").mkdir()
    return [sys.executable, "-m", "pynetdicom", "storescp", str(port), "-od", str(folder / "kept")]


def _floor(folder: Path, port: int) -> Command:
    (folder / "kept").mkdir()
    return [sys.executable, "-m", "bench.receive.floor", "receive", str(port), str(folder / "kept")]


RECEIVERS = (
    Receiver("planbank", _planbank(0), "transit/incoming/*.parcel"),
    Receiver("planbank, 1 process", _planbank(1), "transit/incoming/*.parcel"),
    Receiver("storescp", _storescp(), "kept/*", "storescp"),
    Receiver("storescp +B", _storescp("+B"), "kept/*", "storescp"),
    Receiver("Orthanc", _orthanc, "storage/??/??/*", "Orthanc"),
    Receiver("pynetdicom storescp", _pynetdicom, "kept/*"),
    Receiver("TCP, write, fsync", _floor, "kept/*.done", dicom=False),
)
