"""A gate on a real socket with a real transit area behind it, for every test of this room."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import tarfile
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from planbank.commands import certs
from planbank.gate.clock import machine_time
from planbank.gate.limits import Limits
from planbank.gate.server import Door, Server, listen
from planbank.gate.tls import Tls
from planbank.transit.folder import FolderTray
from planbank.transit.signature import Signer
from planbank.transit.unseal import Opener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from planbank.transit.parcel import Header


@dataclass
class Transit:
    """One transit area from both sides: `tray` is the gate's, the rest is the back end's."""

    path: Path
    identity: Any = field(default_factory=pyrage.x25519.Identity.generate)
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    answers_with: Signer = field(default_factory=lambda: Signer("work", Ed25519PrivateKey.generate()))

    def __post_init__(self) -> None:
        signer = Signer("gate", self.key)
        self.recipients = [str(self.identity.to_public())]
        self.tray = FolderTray(
            self.path,
            recipients=self.recipients,
            signer=signer,
            answer_key=self.answers_with.verify_key(),
        )
        self.back_end = FolderTray(
            self.path,
            opener=Opener([str(self.identity)]),
            verifiers={"gate": signer.verify_key()},
            answer_signer=self.answers_with,
        )

    def parcels(self) -> list[tuple[Header, bytes]]:
        """Everything that waits, opened, oldest first."""
        found = []
        for parcel_id in self.back_end.waiting():
            sink = BytesIO()
            opened = self.back_end.open(parcel_id, lambda _, sink=sink: sink)
            found.append((opened.header, sink.getvalue()))
        return found

    def objects(self) -> list[tuple[Header, bytes]]:
        return [(header, data) for header, data in self.parcels() if header.kind == "object"]

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(data) for header, data in self.parcels() if header.kind == "event"]

    def requests(self) -> list[tuple[Header, bytes]]:
        """Storage commitment requests that wait."""
        return [(header, data) for header, data in self.parcels() if header.kind == "commitment"]

    def reports(self) -> list[dict[str, Any]]:
        """What the gate said of its reports."""
        return [json.loads(data) for header, data in self.parcels() if header.kind == "report"]

    def left_behind(self) -> list[str]:
        """Names of unfinished parcels."""
        return [file.name for file in (self.path / "incoming").iterdir() if file.suffix != ".parcel"]

    def admit(self, ae_title: str = "DEMO_TPS", **more: Any) -> None:
        """Publish a list of senders with this one at 127.0.0.1."""
        sender = {"ae_title": ae_title, "networks": ["127.0.0.0/8"]}
        self.back_end.publish("senders", {"version": 1, "senders": [sender]} | more)

    def write_config(self, file: Path, **more: Any) -> Path:
        """The JSON file of a gate process for this transit area."""
        sign_key = file.with_suffix(".sign")
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        sign_key.write_bytes(pem)
        answer_key = file.with_suffix(".work.pub")
        answer_key.write_bytes(self.answers_with.verify_key().pem())
        content = {
            "host": "127.0.0.1",
            "port": 0,
            "ae_title": "PLANBANK",
            "transit": str(self.path),
            "recipients": self.recipients,
            "sign_key": str(sign_key),
            "answer_key": str(answer_key),
            "processes": 1,
        }
        file.write_text(json.dumps(content | more))
        return file


@dataclass
class Gate:
    """A running server, in a thread of the test's process."""

    transit: Transit
    server: Server
    thread: threading.Thread
    port: int

    def stop(self) -> None:
        self.server.stop()
        self.thread.join()


@pytest.fixture
def transit(tmp_path: Path) -> Transit:
    return Transit(tmp_path / "transit")


@pytest.fixture
def start_gate(transit: Transit) -> Iterator[Callable[..., Gate]]:
    """Starts gates on `transit`; keyword arguments: those of `Server`, limits by name, TLS for its door."""
    gates = []

    def start(*, limits: dict[str, Any] | None = None, tls: Tls | None = None, **more: Any) -> Gate:
        arguments = {
            "tray": transit.tray,
            "ae_title": "PLANBANK",
            "limits": Limits().replaced(limits or {}),
            "now": machine_time,
        }
        door = Door(listen("127.0.0.1", 0), tls)
        server = Server([door], **(arguments | more))
        gate = Gate(transit, server, threading.Thread(target=server.serve), door.port)
        gate.thread.start()
        gates.append(gate)
        while gate.port not in (transit.back_end.read("gate") or {}).values():
            time.sleep(0.001)
        return gate

    yield start
    for gate in gates:
        if gate.thread.is_alive():
            gate.stop()


@pytest.fixture
def gate(start_gate: Callable[..., Gate]) -> Gate:
    return start_gate()


@pytest.fixture(scope="session")
def phantom(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """One plan set of a pelvis phantom: CT, RTSTRUCT, RTPLAN, RTDOSE."""
    archive = request.config.rootpath / "../shared/data/alderson-pelvis-vmat-raystation.tar.xz"
    if not archive.exists():
        pytest.skip("the shared data sets are not on this machine (../shared/data)")
    folder = tmp_path_factory.mktemp("phantom")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder


@dataclass(frozen=True)
class Pki:
    """Certificates as `planbank certs` makes them, and some that must not count."""

    folder: Path

    def tls(self) -> Tls:
        return Tls(self.folder / "gate.crt", self.folder / "gate.key", self.folder / "ca.crt")

    def files(self, name: str) -> tuple[Path, Path]:
        """Certificate and key of a client: 'DEMO_TPS', 'OTHER', 'expired', 'foreign'."""
        folder = self.folder.parent / "foreign" if name == "foreign" else self.folder
        return folder / f"clients/{name}.crt", folder / f"clients/{name}.key"

    def context(self, name: str | None = "DEMO_TPS") -> ssl.SSLContext:
        """What a client of this name calls with; None: without a certificate."""
        context = ssl.create_default_context(cafile=self.folder / "ca.crt")
        if name is not None:
            context.load_cert_chain(*self.files(name))
        return context


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    folder = tmp_path_factory.mktemp("pki")
    ours, foreign = folder / "ours", folder / "foreign"
    for place in (ours, foreign):
        certs.make_authority(place, "Nordby")
    certs.make_server(ours, ["127.0.0.1", "localhost"])
    certs.make_client(ours, "DEMO_TPS", listens=True)
    certs.make_client(ours, "OTHER")
    certs.make_client(foreign, "foreign")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certs, "_EARLIER", timedelta(days=30))
        certs.make_client(ours, "expired", days=-1)
    return Pki(ours)


@pytest.fixture
def start(tmp_path: Path, transit: Transit) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts gate processes on `transit` and waits for their port."""
    started = []

    def run(preexec: Callable[[], None] | None = None, **config: object) -> subprocess.Popen[str]:
        file = transit.write_config(tmp_path / f"gate{len(started)}.json", **config)
        process = subprocess.Popen(
            [sys.executable, "-m", "planbank.gate", str(file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=preexec,
        )
        started.append(process)
        while (transit.back_end.read("gate") or {}).get("pid") != process.pid:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()
