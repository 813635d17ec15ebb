"""The home folder: made, marked, locked; nothing in it is for others."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from planbank.config import Settings, load
from planbank.errors import HomeError, KeyMissing
from planbank.processes.home import prepare


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(home=tmp_path / "bank")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_home_is_made_and_closed_to_others(settings: Settings) -> None:
    with prepare(settings, demo=False):
        for folder in (settings.archive_dir, settings.transit_dir, settings.keys_dir):
            assert mode(folder) == 0o700, folder
        # As root the database runs as another account, which may pass through and list nothing.
        assert mode(settings.home) == (0o711 if os.geteuid() == 0 else 0o700)
        assert not (settings.home / "demo").exists()


def test_what_is_there_already_is_kept(settings: Settings) -> None:
    with prepare(settings, demo=False):
        key = (settings.keys_dir / "transit.key").read_bytes()
    with prepare(settings, demo=False):
        assert (settings.keys_dir / "transit.key").read_bytes() == key


def test_one_bank_runs_in_a_home_at_a_time(settings: Settings) -> None:
    with prepare(settings, demo=False), pytest.raises(HomeError, match="Another planbank runs"):
        prepare(settings, demo=False)
    prepare(settings, demo=False).close()


def test_a_demonstration_marks_its_home_and_comes_back_to_it(settings: Settings) -> None:
    for _ in range(2):
        with prepare(settings, demo=True):
            assert (settings.home / "demo").exists()


def test_a_demonstration_refuses_a_home_that_holds_data(settings: Settings) -> None:
    prepare(settings, demo=False).close()
    with pytest.raises(HomeError, match="holds other data"):
        prepare(settings, demo=True)
    assert not (settings.home / "demo").exists()


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match="file"):
        prepare(load(home=tmp_path / "file" / "bank"), demo=False)


@pytest.mark.parametrize("folder", ["incoming", "quarantine"])
def test_a_lost_key_is_not_replaced_while_parcels_need_it(settings: Settings, folder: str) -> None:
    """model.md, Work: Keys. A new key would only hide that the old one is lost."""
    prepare(settings, demo=False).close()
    (settings.keys_dir / "transit.key").unlink()
    place = settings.transit_dir / folder
    place.mkdir(exist_ok=True)
    (place / f"{'a' * 32}.parcel").write_bytes(b"sealed")
    with pytest.raises(KeyMissing):
        prepare(settings, demo=False)
    assert not (settings.keys_dir / "transit.key").exists()
