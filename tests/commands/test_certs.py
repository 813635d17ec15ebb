"""`planbank certs`: what is made, that OpenSSL believes it, and what is said of its age."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from planbank.commands import certs
from planbank.errors import CertificateThere, KeyMissing, SettingsError

OPENSSL = shutil.which("openssl")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    certs.make_authority(tmp_path / "tls", "Nordby Hospital")
    return tmp_path / "tls"


def test_keys_are_for_the_owner_alone(folder: Path) -> None:
    certs.make_server(folder, ["planbank.example", "192.0.2.7"])
    certs.make_client(folder, "DEMO_TPS")
    keys = sorted(folder.rglob("*.key"))
    assert [str(key.relative_to(folder)) for key in keys] == ["ca.key", "clients/DEMO_TPS.key", "gate.key"]
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}
    assert folder.stat().st_mode & 0o077 == 0


def test_openssl_believes_them_for_their_purpose(folder: Path) -> None:
    server = certs.make_server(folder, ["planbank.example", "192.0.2.7"])
    client = certs.make_client(folder, "DEMO_TPS")

    def verifies(purpose: str, certificate: Path) -> bool:
        call = [str(OPENSSL), "verify", "-x509_strict", "-CAfile", folder / "ca.crt", "-purpose", purpose]
        return subprocess.run([*call, certificate], capture_output=True).returncode == 0

    assert verifies("sslserver", server)
    assert verifies("sslclient", client)
    assert verifies("sslclient", server), "the gate calls senders back"
    assert not verifies("sslserver", client)
    call = [str(OPENSSL), "x509", "-in", client, "-noout", "-fingerprint", "-sha256"]
    said = subprocess.run(call, capture_output=True, text=True).stdout.strip().partition("=")[2]
    assert certs.fingerprint(client) == said.replace(":", "").lower()


def test_the_list_says_how_long_each_is_good(folder: Path) -> None:
    certs.make_server(folder, ["localhost"], days=100)
    certs.make_client(folder, "LONG", days=300)
    certs.make_client(folder, "SHORT", days=5)
    (folder / "clients" / "SPOILT.crt").write_text("spoilt")
    now = datetime.now(UTC)
    found = {row.name: row for row in certs.rows(folder, now)}
    assert list(found) == ["ca", "gate", "clients/LONG", "clients/SHORT", "clients/SPOILT"]
    assert [row.state for row in found.values()] == ["good", "good", "good", "soon", "unreadable"]
    assert found["gate"].days_left in (99, 100)
    assert "Nordby Hospital" in found["ca"].subject
    assert found["clients/SHORT"].fingerprint == certs.fingerprint(folder / "clients" / "SHORT.crt")
    later = {row.name: row.state for row in certs.rows(folder, now + timedelta(days=101))}
    assert (later["gate"], later["clients/LONG"], later["clients/SHORT"]) == ("expired", "good", "expired")


def test_nothing_is_replaced_unasked(folder: Path) -> None:
    with pytest.raises(CertificateThere):
        certs.make_authority(folder, "Another")
    first = certs.make_client(folder, "DEMO_TPS").read_bytes()
    with pytest.raises(CertificateThere, match="--renew"):
        certs.make_client(folder, "DEMO_TPS")
    assert (folder / "clients" / "DEMO_TPS.crt").read_bytes() == first


def test_a_renewed_one_keeps_the_old_with_its_key(folder: Path) -> None:
    """A private key is never overwritten: what was sealed or signed with it stays provable."""
    file = certs.make_server(folder, ["localhost"])
    old = file.read_bytes(), file.with_suffix(".key").read_bytes()
    aside = folder / "replaced" / f"gate-{certs.fingerprint(file)[:16]}.crt"
    assert certs.make_server(folder, ["localhost"], renew=True) == file
    assert (aside.read_bytes(), aside.with_suffix(".key").read_bytes()) == old
    assert file.read_bytes() != old[0]
    assert {f.stat().st_mode & 0o777 for f in folder.rglob("*.key")} == {0o600}
    assert [row.name for row in certs.rows(folder, datetime.now(UTC))] == ["ca", "gate"]
    assert list(folder.rglob("*.new")) == []


def test_a_run_that_was_cut_off_is_done_again(folder: Path) -> None:
    (folder / "gate.key.new").write_text("half a key")
    file = certs.make_server(folder, ["localhost"])
    assert b"PRIVATE KEY" in file.with_suffix(".key").read_bytes()
    assert list(folder.rglob("*.new")) == []


@pytest.mark.parametrize("name", ["", "../gate", "a/b", "A B", ".", "x" * 65, "æ", "A\n"])
def test_a_name_never_becomes_another_path(folder: Path, name: str) -> None:
    with pytest.raises(SettingsError):
        certs.make_client(folder, name)
    assert not (folder / "clients").exists()


def test_what_is_missing_or_wrong_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match=r"ca\.crt"):
        certs.make_client(tmp_path / "none", "DEMO_TPS")
    with pytest.raises(SettingsError):
        certs.make_server(folder, [])
    with pytest.raises(SettingsError):
        certs.make_server(folder, ["æøå"])
    with pytest.raises(SettingsError):
        certs.make_authority(tmp_path / "other", "")
    (folder / "ca.key").write_text("spoilt")
    with pytest.raises(KeyMissing, match=r"ca\.key"):
        certs.make_server(folder, ["localhost"])
