"""C-ECHO against real peers: DCMTK's storescp, pynetdicom, and things that are no DICOM at all."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from pynetdicom import AE

from planbank.web.pages.senders.echo import allowed, echo

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCAL = "127.0.0.1"


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((LOCAL, 0))
        return int(probe.getsockname()[1])


@contextmanager
def storescp(*options: str) -> Iterator[int]:
    """DCMTK's receiver; its port, once it listens."""
    port = free_port()
    process = subprocess.Popen(
        ["storescp", *options, "--ignore", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with closing(socket.socket()) as probe:
                if probe.connect_ex((LOCAL, port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def pynetdicom_peer(**settings: object) -> Iterator[int]:
    ae = AE(ae_title="ARIA")
    ae.add_supported_context("1.2.840.10008.1.1")
    for name, value in settings.items():
        setattr(ae, name, value)
    server = ae.start_server((LOCAL, 0), block=False)
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()


@contextmanager
def listener(answer: bytes | None) -> Iterator[int]:
    """Something that takes connections, sends `answer` (None: nothing, and holds the line)."""
    server = socket.create_server((LOCAL, 0))
    held: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                line, _peer = server.accept()
            except OSError:
                return
            if answer is None:
                held.append(line)
            else:
                line.sendall(answer)
                line.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()
        for line in held:
            line.close()


def call(port: int, called_ae: str = "ARIA", seconds: float = 5.0) -> str:
    return echo(LOCAL, port, calling_ae="PLANBANK", called_ae=called_ae, seconds=seconds)


def test_a_dicom_system_that_knows_us_is_connected() -> None:
    with storescp() as port:
        assert call(port) == "connected"
    with pynetdicom_peer() as port:
        assert call(port) == "connected"


def test_a_rejection_says_whose_name_is_wrong() -> None:
    with pynetdicom_peer(require_called_aet=True) as port:
        assert call(port, "WRONG") == "called-unknown"
        assert call(port, "ARIA") == "connected"
    with pynetdicom_peer(require_calling_aet=["OTHER"]) as port:
        assert call(port) == "calling-unknown"
    with storescp("--refuse") as port:
        assert call(port) == "rejected"


def test_a_closed_port_is_refused() -> None:
    assert call(free_port()) == "refused"


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", None])
def test_what_speaks_no_dicom_is_named_so(answer: bytes | None) -> None:
    with listener(answer) as port:
        assert call(port, seconds=0.5) == "not-dicom"


def test_silence_is_no_answer() -> None:
    with closing(socket.socket()) as server:
        server.bind((LOCAL, 0))
        server.listen(0)
        port = server.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for line in waiting:  # fill the queue: the next connection is not taken up
            line.setblocking(False)
            line.connect_ex((LOCAL, port))
        assert call(port, seconds=0.3) == "no-answer"
        for line in waiting:
            line.close()


def test_an_address_without_a_way_to_it_is_unreachable() -> None:
    assert echo("255.255.255.255", 104, calling_ae="A", called_ae="B", seconds=0.5) == "unreachable"
    assert echo(LOCAL, 70000, calling_ae="A", called_ae="B", seconds=0.5) == "unreachable"


@pytest.mark.parametrize(
    ("host", "network", "inside"),
    [
        ("10.62.9.14", "10.62.9.14", True),
        ("10.62.9.14", "10.62.9.0/24", True),
        ("10.62.10.14", "10.62.9.0/24", False),
        ("2001:db8::7", "2001:db8::/64", True),
        ("10.62.9.14", "2001:db8::/64", False),
        ("localhost", "127.0.0.0/8", False),
        ("10.62.9.14 ; x", "10.62.9.0/24", False),
        ("10.62.9.14", "nonsense", False),
    ],
)
def test_only_addresses_inside_the_network_are_allowed(host: str, network: str, inside: bool) -> None:
    assert allowed(host, network) is inside
