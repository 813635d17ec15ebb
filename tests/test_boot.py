"""The composition root: who is given what, and a clock that moves only where nothing is real."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.apps import apps

from planbank import boot
from planbank.config import Settings, load
from planbank.embedded import socket_url
from planbank.errors import HomeError, KeyMissing
from planbank.house import House, OffsetClock, SystemClock
from planbank.pipeline.registry import SERVICES
from planbank.processes.home import prepare
from planbank.transit.keys import KeyFolder
from planbank.transit.parcel import Header, new_parcel_id
from planbank.transit.rotation import rotate_signer


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = load(home=tmp_path / "bank")
    prepare(found, demo=False).close()
    return found


@pytest.fixture
def site() -> Iterator[object]:
    """The site's own house is put back afterwards."""
    config = apps.get_app_config("web")
    before = config.house
    yield config
    config.house = before


def parcel(house: House) -> str:
    header = Header(
        parcel_id=new_parcel_id(house.clock.now()),
        kind="object",
        association_id="a" * 32,
        calling_ae="TPS",
        called_ae="PLANBANK",
        address="10.0.0.5",
        received_at=house.clock.now().isoformat(),
    )
    house.tray.put(header, [b"data"])
    return header.parcel_id


@pytest.mark.parametrize("role", ["work", "command"])
def test_who_may_open_parcels(settings: Settings, role: boot.Role) -> None:
    house = boot.build(settings, role)
    sink = BytesIO()
    opened = house.tray.open(parcel(house), lambda _header: sink)
    assert sink.getvalue() == b"data"
    assert opened.signer == "site"


@pytest.mark.parametrize("role", ["web", "clock"])
def test_who_may_not(settings: Settings, role: boot.Role, site: object) -> None:
    """A site that is broken into can seal, not read."""
    house = boot.build(settings, role)
    with pytest.raises(KeyMissing):
        house.tray.open(parcel(house), lambda _header: BytesIO())


def test_the_site_is_given_its_house(settings: Settings, site: object) -> None:
    assert boot.build(settings, "web") is site.house  # type: ignore[attr-defined]


def test_work_refuses_to_start_without_its_key(settings: Settings) -> None:
    (settings.keys_dir / "transit.key").unlink()
    with pytest.raises(KeyMissing):
        boot.build(settings, "work")


def test_services_are_frozen(settings: Settings) -> None:
    boot.build(settings, "command")
    with pytest.raises(RuntimeError, match="frozen"):
        SERVICES.add(next(iter(SERVICES)))


def test_the_embedded_database_unless_another_is_named(settings: Settings, tmp_path: Path) -> None:
    assert boot.database_url(settings) == socket_url(settings.home)
    named = load(home=tmp_path, database_url="postgresql://bank@db.example/bank")
    assert boot.database_url(named) == "postgresql://bank@db.example/bank"


def test_the_sites_secret_stays(settings: Settings, tmp_path: Path) -> None:
    secret = boot._site_secret(settings)
    assert boot._site_secret(settings) == secret
    other = load(home=tmp_path / "other")
    prepare(other, demo=False).close()
    assert boot._site_secret(other) != secret
    rotate_signer(KeyFolder(settings.keys_dir), "site")
    assert boot._site_secret(settings) == secret, "sessions outlive a new signing key"
    (settings.keys_dir / "site.secret").unlink()
    without = {boot._site_secret(settings) for _ in range(3)}
    assert len(without) == 3, "who has no key signs nothing that anybody believes"


def test_a_real_home_has_the_machines_clock(settings: Settings, tmp_path: Path) -> None:
    assert isinstance(boot.clock(settings), SystemClock)
    moved = load(home=settings.home, clock_file=tmp_path / "offset")
    with pytest.raises(HomeError, match="PLANBANK_CLOCK_FILE"):
        boot.clock(moved)


@pytest.mark.parametrize("mark", ["demo", "test"])
def test_a_home_of_invented_data_may_have_one_that_moves(
    settings: Settings, tmp_path: Path, mark: str
) -> None:
    (settings.home / mark).touch()
    assert isinstance(boot.clock(load(home=settings.home, clock_file=tmp_path / "offset")), OffsetClock)


def test_the_offset_is_read_again_each_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import time_machine

    file = tmp_path / "offset"
    clock = OffsetClock(file)
    begun = datetime(2026, 11, 17, 8, 30, tzinfo=UTC)
    with time_machine.travel(begun, tick=False) as traveller:
        assert clock.now() == begun, "no file, no offset"
        file.write_text("86400\n")
        assert clock.now() == begun
        traveller.shift(1)
        assert clock.now() == begun + timedelta(days=1, seconds=1)
        file.write_text("tomorrow")
        traveller.shift(1)
        assert clock.now() == begun + timedelta(seconds=2)
