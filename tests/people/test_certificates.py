"""Client certificates as people hand them in (R10; security.md: keys)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.commands import certs
from planbank.errors import CertificateUnusable
from planbank.people.certificates import MOST_TEXT, CertificateFacts, read_certificate


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates") / "tls"
    certs.make_authority(folder, "Nordby Hospital")
    certs.make_client(folder, "DEMO_TPS", days=30)
    return folder


def test_what_is_public_in_a_certificate_is_read(folder: Path) -> None:
    file = folder / "clients" / "DEMO_TPS.crt"
    found = read_certificate(file.read_text())
    assert found.fingerprint == certs.fingerprint(file)
    assert found.subject == "CN=DEMO_TPS,O=Nordby Hospital"
    assert found.not_before is not None
    assert found.not_after is not None
    assert found.not_before < datetime.now(UTC) < found.not_after


def test_of_a_chain_the_first_counts(folder: Path) -> None:
    """RFC 8446 4.4.2: the sender's certificate comes first."""
    own = (folder / "clients" / "DEMO_TPS.crt").read_text()
    assert read_certificate(own + (folder / "ca.crt").read_text()) == read_certificate(own)


@pytest.mark.parametrize("text", ["AB:" * 31 + "AB", "ab" * 32, f"  {'ab' * 32}\n", "AB " * 32])
def test_a_fingerprint_alone_is_enough(text: str) -> None:
    assert read_certificate(text) == CertificateFacts("ab" * 32)


def test_a_private_key_is_refused_and_never_repeated(folder: Path) -> None:
    key = (folder / "clients" / "DEMO_TPS.key").read_text()
    with pytest.raises(CertificateUnusable, match="private key") as raised:
        read_certificate((folder / "clients" / "DEMO_TPS.crt").read_text() + key)
    assert key.splitlines()[1] not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ab" * 31,
        "zz" * 32,
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----",
        "a" * (MOST_TEXT + 1),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(CertificateUnusable):
        read_certificate(text)


@given(st.text(max_size=200), st.booleans())
def test_whatever_is_pasted_ends_in_facts_or_a_refusal(text: str, framed: bool) -> None:
    if framed:
        text = f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----"
    try:
        found = read_certificate(text)
    except CertificateUnusable:
        return
    assert len(found.fingerprint) == 64
