"""Certificates that end soon: 30, 7 and 1 days ahead, for gate, authority and senders."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from planbank.commands import certs
from planbank.config import Settings
from planbank.house import House
from planbank.people.expiry import days_left, expiries, level
from planbank.people.models import Sender, SenderCertificate

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=31), "ok"),
        (timedelta(days=30), "info"),
        (timedelta(days=7, seconds=1), "info"),
        (timedelta(days=7), "warn"),
        (timedelta(days=1), "bad"),
        (timedelta(0), "bad"),
        (timedelta(days=-400), "bad"),
    ],
)
def test_how_grave_an_end_is(left: timedelta, said: str) -> None:
    assert level(NOW + left, NOW) == said


def test_days_are_whole_and_below_zero_afterwards() -> None:
    assert [days_left(NOW + timedelta(hours=h), NOW) for h in (47, 24, 23, 0, -1)] == [1, 1, 0, 0, -1]


@pytest.fixture
def settings(bank: House, tmp_path: Path) -> Settings:
    settings = bank.settings.model_copy(update={"dicom_tls": "only", "home": tmp_path / "tls-home"})
    certs.make_authority(settings.tls_dir, "Nordby")
    certs.make_server(settings.tls_dir, ["gate.example"], days=5)
    return settings


def sender(name: str, *ends: datetime | None, on: bool = True) -> None:
    made = Sender.objects.create(ae_title=name, network="10.0.0.1", is_active=on)
    for number, end in enumerate(ends):
        SenderCertificate.objects.create(sender=made, fingerprint=f"{number:064x}", not_after=end, added=NOW)


def test_all_in_use_are_listed_the_first_to_end_first(settings: Settings) -> None:
    now = datetime.now(UTC)
    sender("SOON", now + timedelta(days=2))
    sender("RENEWED", now - timedelta(days=1), now + timedelta(days=400))
    sender("UNKNOWN_END", None)
    sender("OFF", now, on=False)
    sender("UNBOUND")
    found = expiries(settings, now)
    assert [(one.what, one.name, one.level) for one in found] == [
        ("sender", "SOON", "warn"),
        ("gate", "gate.example", "warn"),
        ("sender", "RENEWED", "ok"),
        ("authority", "Nordby planbank CA", "ok"),
    ]


def test_without_tls_nothing_is_said(settings: Settings) -> None:
    assert expiries(settings.model_copy(update={"dicom_tls": "off"}), NOW) == []


def test_files_that_are_elsewhere_or_damaged_are_left_out(settings: Settings, tmp_path: Path) -> None:
    settings.tls_files[0].write_text("spoilt")
    settings.tls_files[2].unlink()
    assert expiries(settings, NOW) == []


def test_status_check_and_clock_tell(bank: House, settings: Settings) -> None:
    """30 days ahead; what ended is a fault of `planbank check`."""
    from planbank.commands.check import check
    from planbank.commands.status import status
    from planbank.processes.clock import _tell_expiries

    house = replace(bank, settings=settings)
    house.clock.at = datetime.now(UTC)  # type: ignore[attr-defined]
    told: set[tuple[str, str, str]] = set()
    _tell_expiries(house, told)
    _tell_expiries(house, told)
    assert len(told) == 1
    counts = status(house)
    assert (counts["certificates_ending"], counts["certificates_ended"]) == (1, 0)
    assert not [fault for fault in check(house) if fault.startswith("tls")]
    house.clock.at += timedelta(days=6)  # type: ignore[attr-defined]
    assert status(house)["certificates_ended"] == 1
    assert [fault for fault in check(house) if fault.startswith("tls: the certificate of gate.example")]
