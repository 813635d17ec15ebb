"""Destinations to send to: a receiver that does what a test tells it, DCMTK's storescp, Orthanc."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import Verification

HOST = "127.0.0.1"


def free_port() -> int:
    with socket.create_server((HOST, 0)) as sock:
        port: int = sock.getsockname()[1]
    return port


def until(found: Callable[[], Any], seconds: float = 60) -> Any:
    """What `found` gives once it is true."""
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)
    return value


@dataclass
class Receiver:
    """A storage SCP. `refuse`: UID -> status; `abort_at`: the object, by number, in which it breaks off;
    `stall`: it answers nothing until the event is set; `before`: called before each answer."""

    ae_title: str = "PROTON"
    syntaxes: tuple[str, ...] = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
    port: int = 0
    refuse: dict[str, int] = field(default_factory=dict)
    abort_at: set[int] = field(default_factory=set)
    stall: threading.Event | None = None
    before: Callable[[], None] = lambda: None
    came: list[tuple[str, bytes]] = field(default_factory=list)
    asked: int = 0
    server: Any = None

    def store(self, event: evt.Event) -> int:
        self.asked += 1
        uid = str(event.request.AffectedSOPInstanceUID)
        if self.asked in self.abort_at:
            event.assoc.abort()
            return 0xC000
        if self.stall is not None:
            self.stall.wait(30)
        self.before()
        if uid in self.refuse:
            return self.refuse[uid]
        self.came.append((uid, event.request.DataSet.getvalue()))
        return 0x0000

    def start(self) -> Receiver:
        ae = AE(ae_title=self.ae_title)
        ae.require_called_aet = True
        ae.add_supported_context(Verification)
        for context in AllStoragePresentationContexts:
            ae.add_supported_context(context.abstract_syntax, list(self.syntaxes))
        handlers = [(evt.EVT_C_STORE, self.store)]
        self.server = ae.start_server((HOST, self.port), block=False, evt_handlers=handlers)
        self.port = self.server.server_address[1]
        return self

    def stop(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server = None


@contextmanager
def storescp(folder: Path, port: int, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """DCMTK's storescp, whose files keep the bytes of what came."""
    folder.mkdir(exist_ok=True)
    command = ["storescp", "-aet", "PROTON", "+xa", "-uf", "+B", *options, "-od", str(folder), str(port)]
    peer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _listens(port))
        yield peer
    finally:
        peer.kill()
        peer.wait()


@contextmanager
def orthanc(binary: str, folder: Path, port: int) -> Iterator[Callable[[str], Any]]:
    """Orthanc, and its answers to GET."""
    folder.mkdir(exist_ok=True)
    http = free_port()
    config = {
        "StorageDirectory": str(folder),
        "IndexDirectory": str(folder),
        "DicomAet": "PROTON",
        "DicomCheckCalledAet": True,
        "DicomPort": port,
        "HttpPort": http,
        "AuthenticationEnabled": False,
        "DicomAlwaysAllowStore": True,
    }
    file = folder / "orthanc.json"
    file.write_text(json.dumps(config))

    def call(path: str) -> Any:
        with urllib.request.urlopen(f"http://{HOST}:{http}{path}") as answer:
            body = answer.read()
            return (
                json.loads(body)
                if answer.headers.get("Content-Type", "").startswith("application/json")
                else body
            )

    def answers() -> bool:
        try:
            return bool(call("/system"))
        except OSError:
            return False

    server = subprocess.Popen([binary, str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(answers)
        yield call
    finally:
        server.kill()
        server.wait()


def _listens(port: int) -> bool:
    with socket.socket() as look:
        return look.connect_ex((HOST, port)) == 0
