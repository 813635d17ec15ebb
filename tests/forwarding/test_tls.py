"""TLS towards destinations: DCMTK's storescp with the right certificate, and with wrong ones."""

from __future__ import annotations

import hashlib
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from planbank.commands import certs
from planbank.errors import NoLine, SettingsError
from planbank.forwarding.line import Node, connect, echo
from planbank.forwarding.tls import client_context
from tests.commands.test_send import save
from tests.sending import CT, ct, encoded

EXPLICIT = "1.2.840.10008.1.2.1"


class Pki:
    """An authority with a server and a client, and a stranger's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        certs.make_authority(folder, "Bank")
        certs.make_server(folder, ["127.0.0.1"])
        certs.make_client(folder, "forward")

    def file(self, name: str) -> Path:
        return self.folder / name


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def storescp(pki: Pki, tmp_path: Path) -> Iterator[int]:
    """A storescp that wants a client certificate of the bank's authority."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    files = [str(pki.file(n)) for n in ("gate.key", "gate.crt", "ca.crt")]
    command = [
        "storescp",
        "+tls",
        files[0],
        files[1],
        "+cf",
        files[2],
        "-rc",
        "-od",
        str(tmp_path),
        str(port),
    ]
    peer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(1000):
            with socket.socket() as look:
                if look.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.01)
        yield port
    finally:
        peer.kill()
        peer.wait()


def node(port: int, tls: ssl.SSLContext | None) -> Node:
    return Node("127.0.0.1", port, "PLANBANK", "STORESCP", tls, seconds=5)


def test_with_the_authority_and_our_certificate(pki: Pki, storescp: int, tmp_path: Path) -> None:
    """An object goes through byte for byte."""
    file = pki.file
    tls = client_context(file("ca.crt"), file("clients/forward.crt"), file("clients/forward.key"))
    ds = ct()
    source = tmp_path / "one.dcm"
    save(ds, source)
    echo(node(storescp, tls))
    with connect(node(storescp, tls), [(CT, EXPLICIT)]) as line:
        assert line.store(source, CT, EXPLICIT).what == "taken"
    taken = next(path for path in tmp_path.iterdir() if path != source)
    assert taken.read_bytes().endswith(encoded(ds)[-2000:])


def test_a_pinned_certificate_needs_no_authority(pki: Pki, storescp: int) -> None:
    der = ssl.PEM_cert_to_DER_cert(pki.file("gate.crt").read_text())
    shown = pki.file("clients/forward.crt"), pki.file("clients/forward.key")
    echo(node(storescp, client_context(None, *shown, hashlib.sha256(der).hexdigest())))
    with pytest.raises(NoLine) as told:
        echo(node(storescp, client_context(None, *shown, "0" * 64)))
    assert told.value.code == "tls"


def test_a_certificate_of_a_stranger_is_not_believed(pki: Pki, storescp: int, tmp_path: Path) -> None:
    certs.make_authority(tmp_path, "Stranger")
    shown = pki.file("clients/forward.crt"), pki.file("clients/forward.key")
    with pytest.raises(NoLine) as told:
        echo(node(storescp, client_context(tmp_path / "ca.crt", *shown)))
    assert told.value.code == "tls"


def test_a_certificate_for_another_host_is_not_believed(pki: Pki, storescp: int) -> None:
    shown = pki.file("clients/forward.crt"), pki.file("clients/forward.key")
    other = Node("localhost", storescp, "PLANBANK", "STORESCP", client_context(pki.file("ca.crt"), *shown), 5)
    with pytest.raises(NoLine) as told:
        echo(other)
    assert told.value.code == "tls"


@pytest.mark.parametrize("shown", ["none", "plain"])
def test_without_our_certificate_or_tls_nothing_goes(pki: Pki, storescp: int, shown: str) -> None:
    tls = client_context(pki.file("ca.crt"), None, None) if shown == "none" else None
    with pytest.raises(NoLine):
        echo(node(storescp, tls))


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.crt").write_text("no certificate")
    for call in (
        lambda: client_context(tmp_path / "bad.crt", None, None),
        lambda: client_context(None, tmp_path / "missing.crt", None),
        lambda: client_context(None, None, None, "12"),
    ):
        with pytest.raises(SettingsError):
            call()
