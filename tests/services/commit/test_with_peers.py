"""Storage commitment from end to end (R21): a gate of its own, register, commit, pynetdicom and Orthanc."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, evt

from planbank.archive.folder import FolderStore
from planbank.archive.names import object_key
from planbank.catalogue.models import Commitment, InstanceVersion
from planbank.config import load
from planbank.house import House, SystemClock
from planbank.people.models import Sender
from planbank.processes.gate import gate_config
from planbank.services.commit import commit_once
from planbank.services.register import register_once
from planbank.transit.folder import FolderTray
from planbank.transit.keys import KeyFolder
from planbank.transit.unseal import Opener
from tests.gate.commitment_peers import listening
from tests.requests import STORAGE_COMMITMENT, WELL_KNOWN, request
from tests.sending import CT, ct, register_sender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pynetdicom.association import Association
    from pynetdicom.events import Event

ORTHANC = shutil.which("Orthanc")
HOST, SUCCESS = "127.0.0.1", 0x0000


@dataclass
class Bank:
    """A gate in a process of its own, and what stands behind it, a step at a time."""

    house: House
    file: Path
    gate: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.gate = subprocess.Popen(
            [sys.executable, "-m", "planbank.gate", str(self.file)],
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )
        pid = self.gate.pid
        self.until(lambda: (self.house.tray.read("gate") or {}).get("pid") == pid, work=False)

    def kill(self) -> None:
        if self.gate is not None:
            os.killpg(self.gate.pid, signal.SIGKILL)
            self.gate.wait()

    @property
    def port(self) -> int:
        return int((self.house.tray.read("gate") or {})["port"])

    def until(self, found: Callable[[], Any], *, work: bool = True, seconds: float = 60) -> Any:
        """What `found` gives once it is true; behind the gate the work goes on meanwhile."""
        end = time.monotonic() + seconds
        while not (value := found()):
            assert time.monotonic() < end, "it never came"
            if not (work and (register_once(self.house) or commit_once(self.house))):
                time.sleep(0.01)
        return value


@pytest.fixture
def bank_of_peers(committed: House, tmp_path: Path) -> Iterator[Bank]:
    """A home on disk with a registered sender DEMO_TPS at 127.0.0.1."""
    free = {"dicom_port": 0, "gate_metrics_port": 0}
    settings = load(home=tmp_path / "bank", dicom_host=HOST, gate_processes=2, **free)
    keys = KeyFolder(settings.keys_dir)
    keys.ensure(parcels_exist=False)
    tray = FolderTray(
        settings.transit_dir,
        opener=Opener.load(keys.file("transit.key")),
        verifiers=keys.verifiers(),
        answer_signer=keys.signer("work"),
    )
    store = FolderStore(settings.archive_dir)
    house = replace(committed, settings=settings, tray=tray, store=store, keys=keys.path, clock=SystemClock())
    register_sender("OUH", "DEMO_TPS", "127.0.0.0/8")
    sender = {"ae_title": "DEMO_TPS", "networks": ["127.0.0.0/8"]}
    tray.publish("senders", {"version": 1, "senders": [sender]})
    file = tmp_path / "gate.json"
    file.write_text(json.dumps(gate_config(settings)))
    bank = Bank(house, file)
    bank.start()
    try:
        yield bank
    finally:
        bank.kill()


def sent(assoc: Association, number: int) -> list[tuple[str, str]]:
    """So many CT images, stored; what a request names them by."""
    named = []
    for count in range(number):
        ds = ct(InstanceNumber=str(count))
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        assert assoc.send_c_store(ds).Status == SUCCESS
        named.append((CT, str(ds.SOPInstanceUID)))
    return named


@contextmanager
def associated(port: int, told: list[Dataset]) -> Iterator[Association]:
    def take(event: Event) -> tuple[int, None]:
        told.append(event.event_information)
        return SUCCESS, None

    ae = AE(ae_title="DEMO_TPS")
    ae.add_requested_context(CT, ExplicitVRLittleEndian)
    ae.add_requested_context(STORAGE_COMMITMENT, ExplicitVRLittleEndian)
    handlers = [(evt.EVT_N_EVENT_REPORT, take)]
    assoc = ae.associate(HOST, port, ae_title="PLANBANK", evt_handlers=handlers)
    assert assoc.is_established
    try:
        yield assoc
    finally:
        if assoc.is_established:
            assoc.release()
        assoc.join(5)
        assoc.dul.join(5)


def ask(assoc: Association, named: list[tuple[str, str]], transaction: str) -> None:
    status, _ = assoc.send_n_action(request(named, transaction), 1, STORAGE_COMMITMENT, WELL_KNOWN)
    assert status.Status == SUCCESS


def safe(told: Dataset) -> set[str]:
    return {str(item.ReferencedSOPInstanceUID) for item in told.get("ReferencedSOPSequence", [])}


def test_stored_asked_and_told_on_one_association(bank_of_peers: Bank) -> None:
    """What is asked for right after it was stored waits in transit: it is safe all the same."""
    bank, told = bank_of_peers, []
    with associated(bank.port, told) as assoc:
        named = sent(assoc, 12)
        ask(assoc, [*named, (CT, "1.2.3.99")], "1.2.840.1")
        bank.until(lambda: told)
        bank.until(lambda: Commitment.objects.filter(state="reported").exists())
    assert safe(told[0]) == {uid for _, uid in named}
    [failed] = told[0].FailedSOPSequence
    assert (failed.ReferencedSOPInstanceUID, failed.FailureReason) == ("1.2.3.99", 0x0112)
    row = Commitment.objects.get()
    assert (row.safe_count, row.failed_count) == (12, 1)
    bank.until(lambda: not list((bank.house.settings.transit_dir / "answers").glob("*.*")))


def test_a_changed_file_of_the_archive_is_told_as_unsafe(bank_of_peers: Bank) -> None:
    bank, told = bank_of_peers, []
    with associated(bank.port, told) as assoc:
        named = sent(assoc, 3)
        bank.until(lambda: InstanceVersion.objects.count() == 3)
        digest = InstanceVersion.objects.get(sop_instance_uid=named[1][1]).content_hash
        file = bank.house.settings.archive_dir / object_key(digest)
        file.chmod(0o600)
        data = bytearray(file.read_bytes())
        data[-2] ^= 0x01
        file.write_bytes(bytes(data))
        ask(assoc, named, "1.2.840.2")
        bank.until(lambda: told)
    assert safe(told[0]) == {named[0][1], named[2][1]}
    [failed] = told[0].FailedSOPSequence
    assert (failed.ReferencedSOPInstanceUID, failed.FailureReason) == (named[1][1], 0x0110)


@pytest.mark.parametrize("when", ["before it is judged", "before it is reported"])
def test_a_gate_that_is_killed_reports_once_it_is_back(bank_of_peers: Bank, when: str) -> None:
    bank = bank_of_peers
    with listening() as listener, associated(bank.port, []) as assoc:
        Sender.objects.update(echo_host=HOST, echo_port=listener.port)
        named = sent(assoc, 2)
        ask(assoc, named, "1.2.840.3")
        if when == "before it is judged":
            bank.kill()
        else:
            os.killpg(bank.gate.pid, signal.SIGSTOP)  # type: ignore[union-attr]
            bank.until(lambda: Commitment.objects.filter(state="answered").exists())
            bank.kill()
        bank.start()
        bank.until(lambda: Commitment.objects.filter(state="reported").exists())
        assert [safe(ds) for _, ds in listener.told] == [{uid for _, uid in named}]


def call(port: int, path: str, body: bytes | None = None) -> Any:
    with urllib.request.urlopen(f"http://{HOST}:{port}{path}", data=body, timeout=20) as answer:
        return json.loads(answer.read())


@pytest.fixture
def orthanc(bank_of_peers: Bank, tmp_path: Path) -> Iterator[int]:
    """Orthanc as the sender: it stores, asks for commitment and listens for the report; gives its port."""
    ports = []
    for _ in range(2):
        with socket.socket() as sock:
            sock.bind((HOST, 0))
            ports.append(sock.getsockname()[1])
    http, dicom = ports
    Sender.objects.update(echo_host=HOST, echo_port=dicom)
    node = {"AET": "PLANBANK", "Host": HOST, "Port": bank_of_peers.port, "AllowStorageCommitment": True}
    config = {
        "StorageDirectory": str(tmp_path / "orthanc"),
        "IndexDirectory": str(tmp_path / "orthanc"),
        "DicomAet": "DEMO_TPS",
        "DicomPort": dicom,
        "HttpPort": http,
        "HttpServerEnabled": True,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomModalities": {"planbank": node},
        "Plugins": [],
    }
    file = tmp_path / "orthanc.json"
    file.write_text(json.dumps(config))
    server = subprocess.Popen([str(ORTHANC), str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers() -> bool:
        assert server.poll() is None
        try:
            return bool(call(http, "/system"))
        except OSError:
            return False

    try:
        bank_of_peers.until(answers, work=False)
        yield http
    finally:
        server.kill()
        server.wait()


def test_orthanc_is_told_what_is_safe(bank_of_peers: Bank, orthanc: int) -> None:
    from io import BytesIO

    bank = bank_of_peers
    ids, uids = [], []
    for number in range(3):
        ds = ct(InstanceNumber=str(number))
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = CT, ds.SOPInstanceUID
        file = BytesIO()
        ds.save_as(file, enforce_file_format=True)
        ids.append(call(orthanc, "/instances", file.getvalue())["ID"])
        uids.append(str(ds.SOPInstanceUID))
    call(orthanc, "/modalities/planbank/store", json.dumps(ids).encode())
    missing = [CT, "1.2.3.4.5.99"]
    body = {"Resources": ids, "DicomInstances": [missing]}
    place = call(orthanc, "/modalities/planbank/storage-commitment", json.dumps(body).encode())["Path"]

    def report() -> Any:
        found = call(orthanc, place)
        return found if found["Status"] != "Pending" else None

    found = bank.until(report)
    assert found["Status"] == "Failure", "one of four was never sent"
    assert {one["SOPInstanceUID"] for one in found["Success"]} == set(uids)
    [failed] = found["Failures"]
    assert failed["SOPInstanceUID"] == missing[1]
    assert failed["FailureReason"] == 0x0112
    bank.until(lambda: Commitment.objects.filter(state="reported", safe_count=3, failed_count=1).exists())
