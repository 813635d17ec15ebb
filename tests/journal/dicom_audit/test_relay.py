"""Audit messages reach a real syslog server by TLS, or a file, each at least once (RFC 5424, RFC 5425)."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from planbank.commands import certs
from planbank.config import load
from planbank.errors import AuditTargetWrong
from planbank.house import House
from planbank.journal.chain import seal_committed
from planbank.journal.dicom_audit.relay import AGAIN_AFTER, Relay
from planbank.journal.dicom_audit.syslog import BOM, FileTarget, SocketTarget, target_of
from planbank.journal.models import AuditRelay
from planbank.journal.record import Actor, record
from tests.journal.dicom_audit.structure import faults


class Server(threading.Thread):
    """A syslog server that reads octet-counted messages, by TLS where it has a certificate."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(daemon=True)
        self.context = context
        self.lines: list[bytes] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.read = threading.Semaphore(0)

    def run(self) -> None:
        while True:
            try:
                plain, _address = self.socket.accept()
            except OSError:
                return
            with plain:
                try:
                    secured = self.context.wrap_socket(plain, server_side=True) if self.context else plain
                    self._read(secured.makefile("rb"))
                except (OSError, ValueError):
                    continue

    def _read(self, stream: Any) -> None:
        while size := b"".join(iter(lambda: stream.read(1), b" ")) if stream.peek(1) else b"":
            self.lines.append(stream.read(int(size)))
            self.read.release()

    def wait(self, count: int) -> list[bytes]:
        for _ in range(count):
            assert self.read.acquire(timeout=30)
        return self.lines


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    one.start()
    yield one
    one.socket.close()


def told_to(bank: House, address: str, **more: Any) -> House:
    settings = load(home=bank.settings.home, audit_to=address, **more)
    return House(settings, bank.store, bank.tray, bank.keys, bank.clock)


def write(bank: House, count: int) -> None:
    for number in range(count):
        record(Actor("user", "mette"), "view", bank.clock.now(), object_kind="plan set", object_id=number)
    seal_committed()


def xml(line: bytes) -> bytes:
    head, _bom, body = line.partition(BOM)
    fields = head.decode("ascii").split(" ")
    assert fields[0] == "<85>1" and fields[3] == "planbank" and fields[5] == "DICOM+RFC3881"
    return body


def test_each_sealed_entry_once_and_in_order(bank: House, server: Server) -> None:
    house, relay = told_to(bank, f"tcp://127.0.0.1:{server.port}"), Relay()
    write(bank, 3)
    record(Actor("user", "mette"), "view", bank.clock.now())  # not sealed: not told
    assert (relay(house), relay(house)) == (3, 0)
    write(bank, 2)
    assert relay(house) == 3
    lines = server.wait(6)
    assert all(faults(xml(line)) == [] for line in lines)
    numbers = [xml(line).split(b'ParticipantObjectID="')[1].split(b'"')[0] for line in lines]
    assert numbers == [b"0", b"1", b"2", b"-", b"0", b"1"]
    assert AuditRelay.objects.get().number == 6


def test_by_tls_with_the_right_certificate_only(bank: House, tmp_path: Path) -> None:
    good = certs.make_authority(tmp_path / "audit", "Audit")
    bad = certs.make_authority(tmp_path / "other", "Other")
    shown = certs.make_server(tmp_path / "audit", ["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, shown.with_suffix(".key"))
    server = Server(context)
    server.start()
    address = f"tls://localhost:{server.port}"
    write(bank, 2)
    with pytest.raises(ssl.SSLError):
        Relay()(told_to(bank, address, audit_ca=bad))
    assert Relay()(told_to(bank, address, audit_ca=good)) == 2
    assert len(server.wait(2)) == 2
    server.socket.close()


def test_a_server_that_is_away_loses_nothing(bank: House, server: Server) -> None:
    relay = Relay()
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    write(bank, 2)
    away = told_to(bank, f"tcp://127.0.0.1:{port}")
    with pytest.raises(OSError):
        relay(away)
    assert relay(away) == 0  # not hammered
    bank.clock.at += AGAIN_AFTER + timedelta(seconds=1)  # type: ignore[attr-defined]
    assert relay(told_to(bank, f"tcp://127.0.0.1:{server.port}")) == 2


def test_into_a_file_that_is_moved_away(bank: House, tmp_path: Path) -> None:
    file = tmp_path / "audit.log"
    house, relay = told_to(bank, f"file://{file}", audit_people="hashed"), Relay()
    write(bank, 2)
    assert relay(house) == 2
    file.rename(tmp_path / "audit.log.1")
    write(bank, 1)
    assert relay(house) == 1
    lines = (tmp_path / "audit.log.1").read_bytes().splitlines() + file.read_bytes().splitlines()
    assert len(lines) == 3 and all(faults(xml(line)) == [] and b"mette" not in line for line in lines)
    assert file.stat().st_mode & 0o077 == 0


def test_nothing_is_sent_where_nothing_is_set(bank: House) -> None:
    write(bank, 1)
    assert Relay()(bank) == 0 and not AuditRelay.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        *("udp://host:514", "tcp://elsewhere:514", "tls://", "file://host/path"),
        *("file:relative", "host", "tls://h:99999"),
    ],
)
def test_wrong_addresses_are_told(address: str) -> None:
    with pytest.raises(AuditTargetWrong):
        target_of(address)


def test_addresses(tmp_path: Path) -> None:
    assert target_of(f"file://{tmp_path}/a") == FileTarget(tmp_path / "a")
    assert target_of("tcp://localhost:5140") == SocketTarget("localhost", 5140, None)
    found = target_of("tls://audit.example")
    assert isinstance(found, SocketTarget) and found.port == 6514 and found.context is not None
