"""Mutual TLS: who gets in, who does not and hears why, and certificates renewed under way."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from planbank.commands import certs
from planbank.errors import SettingsError
from planbank.gate.tls import Tls
from tests.gate.raw_peer import (
    CT,
    EXPLICIT,
    IMPLICIT,
    SUCCESS,
    VERIFICATION,
    Peer,
    RefusedError,
    small_data_set,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gate.conftest import Gate, Pki, Transit

UID = "1.2.3.4"


@pytest.fixture
def gate(start_gate: Callable[..., Gate], pki: Pki) -> Gate:
    return start_gate(tls=pki.tls())


def store(gate: Gate, context: ssl.SSLContext | None, uid: str = UID, pixels: int = 500_000) -> int:
    with Peer("127.0.0.1", gate.port, tls=context) as peer:
        peer.associate([(CT, [EXPLICIT])])
        status = peer.store(1, CT, uid, small_data_set(CT, uid, pixels=pixels))
        peer.release()
        return status


def wait_for_events(transit: Transit) -> list[dict[str, str]]:
    for _ in range(2000):
        if events := transit.events():
            return events
        time.sleep(0.005)
    raise AssertionError("no event")


def test_an_object_comes_in_and_carries_the_certificate(gate: Gate, transit: Transit, pki: Pki) -> None:
    assert store(gate, pki.context()) == SUCCESS
    [(header, data)] = transit.objects()
    assert header.certificate == certs.fingerprint(pki.files("DEMO_TPS")[0])
    assert data == small_data_set(CT, UID, pixels=500_000)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_versions_of_bcp_195(gate: Gate, pki: Pki, version: ssl.TLSVersion) -> None:
    context = pki.context()
    context.minimum_version = context.maximum_version = version
    assert store(gate, context) == SUCCESS


def test_an_older_version_or_a_weak_cipher_is_refused(gate: Gate, pki: Pki) -> None:
    for ciphers in ("AES128-SHA", "ECDHE-ECDSA-AES128-SHA"):
        context = pki.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
        with pytest.raises(ssl.SSLError):
            store(gate, context)


@pytest.mark.parametrize(
    ("client", "words"),
    [
        (None, "peer did not return a certificate"),
        ("expired", "certificate has expired"),
        ("foreign", "unable to get local issuer certificate"),
    ],
)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_without_a_certificate_that_counts_nobody_gets_in(
    gate: Gate, transit: Transit, pki: Pki, client: str | None, words: str, version: ssl.TLSVersion
) -> None:
    context = pki.context(client)
    context.maximum_version = version
    with pytest.raises((ssl.SSLError, OSError, RefusedError)):
        store(gate, context)
    [event] = wait_for_events(transit)
    assert (event["what"], event["status"]) == ("association", "tls")
    assert words in event["reason"]
    assert transit.objects() == []


def test_a_sender_without_tls_is_told_to_the_institution(gate: Gate, transit: Transit) -> None:
    with pytest.raises(RefusedError):
        store(gate, None)
    [event] = wait_for_events(transit)
    assert (event["status"], "handshake failed" in event["reason"]) == ("tls", True)


def test_a_title_belongs_to_its_certificate(gate: Gate, transit: Transit, pki: Pki) -> None:
    bound = certs.fingerprint(pki.files("DEMO_TPS")[0])
    senders = [{"ae_title": "DEMO_TPS", "networks": ["127.0.0.0/8"], "certificates": [bound]}]
    transit.admit(senders=senders)
    for client in ("DEMO_TPS", "OTHER"):
        assert store(gate, pki.context(client), f"{UID}.{len(client)}") == SUCCESS
    known = {header.sop_instance_uid: header.sender_known for header, _ in transit.objects()}
    assert known == {f"{UID}.8": True, f"{UID}.5": False}
    transit.admit(senders=senders, unknown="refuse")
    with pytest.raises(RefusedError):
        store(gate, pki.context("OTHER"))


def test_a_slow_handshake_holds_up_nobody_and_ends_by_deadline(
    start_gate: Callable[..., Gate], pki: Pki
) -> None:
    gate = start_gate(tls=pki.tls(), limits={"associate_seconds": 0.3})
    with (
        socket.create_connection(("127.0.0.1", gate.port), 20) as silent,
        socket.create_connection(("127.0.0.1", gate.port), 20) as slow,
    ):
        slow.sendall(b"\x16\x03\x01\x02\x00")
        assert store(gate, pki.context()) == SUCCESS
        for sock in (silent, slow):
            with suppress(ConnectionError):
                assert sock.recv(100) == b""


def test_stopping_ends_an_idle_association_under_tls_too(gate: Gate, pki: Pki) -> None:
    with Peer("127.0.0.1", gate.port, tls=pki.context()) as peer:
        peer.associate([(VERIFICATION, [IMPLICIT])])
        gate.stop()
        assert peer.is_closed()


def test_a_peer_that_closes_without_a_word_leaves_nothing(gate: Gate, transit: Transit, pki: Pki) -> None:
    with Peer("127.0.0.1", gate.port, tls=pki.context()) as peer:
        peer.associate([(CT, [EXPLICIT])])
        peer.send_data(1, b"", last=False)
    gate.stop()
    assert transit.left_behind() == []


def test_a_renewed_certificate_is_taken_up_and_a_spoilt_one_is_not(
    start_gate: Callable[..., Gate], pki: Pki, tmp_path: Path
) -> None:
    shutil.copytree(pki.folder, tmp_path / "own")
    files = [tmp_path / "own" / name for name in ("gate.crt", "gate.key", "ca.crt")]
    gate = start_gate(tls=Tls(*files))

    def shown() -> bytes | None:
        with Peer("127.0.0.1", gate.port, tls=pki.context()) as peer:
            peer.associate([(VERIFICATION, [IMPLICIT])])
            assert peer.echo() == SUCCESS
            assert isinstance(peer.sock, ssl.SSLSocket)
            return peer.sock.getpeercert(binary_form=True)

    first = shown()
    certs.make_server(tmp_path / "own", ["127.0.0.1"], renew=True)
    second = shown()
    assert second != first
    files[0].write_text("spoilt")
    assert shown() == second


@pytest.mark.parametrize("spoilt", ["gate.crt", "gate.key", "ca.crt"])
def test_what_cannot_be_used_is_named(pki: Pki, tmp_path: Path, spoilt: str) -> None:
    shutil.copytree(pki.folder, tmp_path / "own")
    (tmp_path / "own" / spoilt).write_text("spoilt")
    files = [tmp_path / "own" / name for name in ("gate.crt", "gate.key", "ca.crt")]
    with pytest.raises(SettingsError, match=spoilt):
        Tls(*files)
    with pytest.raises(SettingsError, match="none"):
        Tls(tmp_path / "none", *files[1:])


def storescu(gate: Gate, pki: Pki, client: str, file: Path) -> subprocess.CompletedProcess[str]:
    certificate, key = pki.files(client)
    call = ["-aet", "DEMO_TPS", "-aec", "PLANBANK", "127.0.0.1", str(gate.port), str(file)]
    tls = ["+tls", str(key), str(certificate), "+cf", str(pki.folder / "ca.crt")]
    return subprocess.run(["storescu", *tls, *call], capture_output=True, text=True)


def test_storescu_with_tls(gate: Gate, transit: Transit, pki: Pki, phantom: Path) -> None:
    file = min(phantom.rglob("RP*.dcm"))
    done = storescu(gate, pki, "DEMO_TPS", file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(transit.objects()) == 1
    for client in ("expired", "foreign"):
        assert storescu(gate, pki, client, file).returncode != 0
    assert len(transit.objects()) == 1


def test_storescu_without_tls_gets_nowhere(gate: Gate, transit: Transit, phantom: Path) -> None:
    file = min(phantom.rglob("RP*.dcm"))
    done = subprocess.run(
        ["storescu", "-aec", "PLANBANK", "127.0.0.1", str(gate.port), str(file)],
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert transit.objects() == []
