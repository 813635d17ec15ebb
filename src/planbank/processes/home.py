"""The home folder of a bank: made, marked and locked.

Comes in: settings. Goes out: folders with the right permissions, and a lock that one `up` holds.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from planbank.config import Settings
from planbank.errors import HomeError
from planbank.transit.keys import KeyFolder


def prepare(settings: Settings, *, demo: bool) -> IO[str]:
    """Make and lock the home; returns the lock, to be kept open.

    Raises HomeError for a home that holds real data when a demo is asked for, and for a home
    that another `up` runs in; KeyMissing when parcels wait and their key is gone.
    """
    home = settings.home
    try:
        home.mkdir(parents=True, exist_ok=True)
        # The embedded database runs as another account when this process is root: it passes
        # through the home to HOME/pg, and can list nothing.
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        settings.run_dir.mkdir(exist_ok=True)
    except OSError as exc:
        raise HomeError(f"{home}: {exc.strerror}.") from exc
    if demo:
        _mark_demo(home)
    lock = (settings.run_dir / "up.lock").open("a")
    try:
        _take(lock, home)
        settings.archive_dir.mkdir(mode=0o700, exist_ok=True)
        settings.transit_dir.mkdir(mode=0o700, exist_ok=True)
        keys = KeyFolder(settings.keys_dir)
        # Pseudonyms may have been made wherever keys were made before: a new vault key would change them.
        keys.ensure(
            parcels_exist=_parcels_exist(settings.transit_dir),
            vault_in_use=keys.file("transit.pub").exists(),
        )
    except BaseException:
        lock.close()
        raise
    return lock


def _take(lock: IO[str], home: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        raise HomeError(f"Another planbank runs in {home}.") from exc


def _mark_demo(home: Path) -> None:
    if (home / "demo").exists():
        return
    if (home / "keys").exists() or (home / "pg").exists():
        raise HomeError(f"{home} holds other data. A demonstration needs a home of its own (--home DIR).")
    (home / "demo").write_text("This home holds invented data only.\n")


def _parcels_exist(transit: Path) -> bool:
    folders = (transit / "incoming", transit / "quarantine")
    return any(folder.is_dir() and any(folder.glob("*.parcel")) for folder in folders)
