"""Certificates on the sender's page: pasted, as a file, taken away; what is wrong is said (R10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from planbank.commands import certs
from planbank.journal.models import Entry
from planbank.people.models import Sender, SenderCertificate, User
from planbank.people.queries import SenderBook
from tests.sending import register_sender

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from planbank.house import House

    ClientOf = Callable[[User | None], Client]


@pytest.fixture
def admin(client_of: ClientOf, site_admin: User) -> Client:
    return client_of(site_admin)


@pytest.fixture
def sender(bank: House) -> Sender:
    register_sender()
    return Sender.objects.get()


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates") / "tls"
    certs.make_authority(folder, "Nordby")
    return certs.make_client(folder, "TPS", days=400)


def test_a_pasted_certificate_binds_the_sender(bank: House, admin: Client, sender: Sender, pem: Path) -> None:
    bank.clock.at = datetime.now(UTC)  # type: ignore[attr-defined]
    path = f"/senders/{sender.pk}/certificates/"
    page = admin.post(path, {"text": pem.read_text()}, follow=True).text
    for words in ("is known by this certificate", "CN=TPS,O=Nordby", "399 days left", "TLS switched off"):
        assert words in page
    shown = certs.fingerprint(pem)
    assert SenderBook().decide("TPS", "X", "10.0.0.5", shown).institution is not None
    assert SenderBook().decide("TPS", "X", "10.0.0.5").institution is None
    assert Entry.objects.get(action="bind certificate").detail["fingerprint"] == shown
    again = admin.post(path, {"text": pem.read_text()}, follow=True).text
    assert "stood here already" in again


def test_a_file_does_as_well_and_a_fingerprint_too(admin: Client, sender: Sender, pem: Path) -> None:
    upload = SimpleUploadedFile("tps.crt", pem.read_bytes())
    admin.post(f"/senders/{sender.pk}/certificates/", {"file": upload})
    page = admin.post(f"/senders/{sender.pk}/certificates/", {"text": ":".join(["AB"] * 32)}, follow=True)
    assert {c.fingerprint for c in sender.certificates.all()} == {certs.fingerprint(pem), "ab" * 32}
    assert "Only its fingerprint is known" in page.text


def test_one_is_taken_away(admin: Client, sender: Sender, pem: Path) -> None:
    path = f"/senders/{sender.pk}/certificates/"
    admin.post(path, {"text": pem.read_text()})
    admin.post(f"{path}{certs.fingerprint(pem)}/")
    assert not SenderCertificate.objects.exists()
    assert SenderBook().decide("TPS", "X", "10.0.0.5").institution is not None


def test_what_is_no_certificate_is_said_at_the_field(admin: Client, sender: Sender, pem: Path) -> None:
    path, key = f"/senders/{sender.pk}/certificates/", pem.with_suffix(".key")
    for given, field, words in (
        ({}, "__all__", "Give one certificate"),
        ({"text": "ab", "file": SimpleUploadedFile("a.crt", b"x")}, "__all__", "Give one certificate"),
        ({"text": "not one"}, "text", "This is no certificate"),
        ({"text": key.read_text()}, "text", "private key"),
        ({"file": SimpleUploadedFile("tps.key", key.read_bytes())}, "file", "private key"),
        ({"file": SimpleUploadedFile("tps.der", b"\x30\x82\xff")}, "file", "not PEM text"),
        ({"file": SimpleUploadedFile("big.pem", b"a" * 70_000)}, "file", "This is no certificate"),
    ):
        answer = admin.post(path, given)
        assert words in answer.context["certificate_form"].errors[field][0], given
        assert key.read_text().splitlines()[1] not in answer.text
    assert not SenderCertificate.objects.exists()


def test_what_a_subject_says_is_text(admin: Client, sender: Sender, now: datetime) -> None:
    script = "CN=<script>alert(1)</script>"
    SenderCertificate.objects.create(sender=sender, fingerprint="ab" * 32, subject=script, added=now)
    page = admin.get(f"/senders/{sender.pk}/").text
    assert script not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("begins", "ends", "words"),
    [(-10, -1, "Ended"), (1, 10, "Not valid yet"), (-10, 5, "5 days left"), (-10, 1, "1 day left")],
)
def test_how_long_each_is_good(
    admin: Client, sender: Sender, now: datetime, begins: int, ends: int, words: str
) -> None:
    SenderCertificate.objects.create(
        sender=sender,
        fingerprint="ab" * 32,
        not_before=now + timedelta(days=begins),
        not_after=now + timedelta(days=ends),
        added=now,
    )
    assert words in admin.get(f"/senders/{sender.pk}/").text
