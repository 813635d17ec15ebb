"""The composition root: Settings -> House.

Comes in: settings and what this process is (gate, web, work, clock, command). Goes out: Django
set up, the registries frozen, and the House. Only cli, wsgi and tests call this room.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any, Literal

from planbank.archive.opened import store_of
from planbank.config import Settings
from planbank.embedded import socket_url
from planbank.errors import HomeError, KeyMissing
from planbank.house import Clock, House, OffsetClock, SystemClock
from planbank.logging import configure as configure_logging
from planbank.transit.folder import FolderTray
from planbank.transit.keys import KeyFolder
from planbank.transit.seal import Recipients

Role = Literal["web", "work", "clock", "command"]


def database_url(settings: Settings) -> str:
    """The database to use: the one named, else the embedded one of this home."""
    return settings.database_url or socket_url(settings.home)


def start_django(settings: Settings, role: str) -> None:
    """Set Django up once in this process."""
    import django
    from django.conf import settings as django_conf

    from planbank.web.settings import django_settings

    # Compiled numerics are kept beside the bank, not in a home folder that may not exist.
    os.environ.setdefault("NUMBA_CACHE_DIR", str(settings.run_dir / "numba"))
    configure_logging(settings.log_level, role)
    if not django_conf.configured:
        secret = _site_secret(settings)
        django_conf.configure(**django_settings(settings, database_url(settings), secret))
        django.setup()


def build(settings: Settings, role: Role) -> House:
    """Everything a service or page needs. Only `work` and `command` may open parcels."""
    start_django(settings, role)
    from planbank.pipeline.registry import SERVICES

    SERVICES.freeze()
    keys = KeyFolder(settings.keys_dir)
    opener = _opener(keys) if role in ("work", "command") else None
    tray = FolderTray(
        settings.transit_dir,
        recipients=Recipients.load(keys.file("transit.pub")),
        signer=keys.signer("site") if keys.file("site.sign").exists() else None,
        opener=opener,
        verifiers=keys.verifiers(),
        answer_signer=keys.signer("work") if opener and keys.file("work.sign").exists() else None,
    )
    house = House(
        settings=settings,
        store=store_of(settings, tried=role == "work"),
        tray=tray,
        keys=settings.keys_dir,
        clock=clock(settings),
    )
    from django.apps import apps

    apps.get_app_config("bank_messages").house = house
    if role == "web":
        apps.get_app_config("web").house = house
    return house


def _opener(keys: KeyFolder) -> Any:
    """The private half of the transit key; only here may a process be given it."""
    from planbank.transit.unseal import Opener

    return Opener.load(keys.file("transit.key"))


def _site_secret(settings: Settings) -> str:
    """What sessions and one-time links are signed with.

    A process that has no such secret (work on a machine of its own) signs nothing and gets a
    secret that nobody else knows.
    """
    try:
        return KeyFolder(settings.keys_dir).site_secret()
    except KeyMissing:
        return secrets.token_urlsafe(48)


def clock(settings: Settings) -> Clock:
    """The machine's clock, or in demo and test homes one that can be moved."""
    if settings.clock_file is None:
        return SystemClock()
    if not is_play_home(settings.home):
        raise HomeError("PLANBANK_CLOCK_FILE may only be set for a home marked demo or test.")
    return OffsetClock(settings.clock_file)


def is_play_home(home: Path) -> bool:
    """Whether a home is marked as holding invented data only."""
    return (home / "demo").exists() or (home / "test").exists()
