"""A bank at rest: its database and nothing else of it, for as long as a command needs it.

Comes in: the folder that was named, if any. Goes out: its settings, the address of its database, its house.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planbank.config import Settings
    from planbank.house import House


@contextmanager
def resting(home: Path | None) -> Iterator[Settings]:
    """The settings of a bank that does not run meanwhile.

    Raises HomeError where its keys are not there, or where it runs.
    """
    from planbank.config import load
    from planbank.errors import HomeError
    from planbank.processes.home import prepare

    settings = load(home=home)
    if not settings.keys_dir.is_dir():
        raise HomeError(f"There are no keys in {settings.home}. Bring them back from their backup first.")
    with prepare(settings, demo=False):
        yield settings


@contextmanager
def database_of(settings: Settings) -> Iterator[str]:
    """The address of its database, which is started where it is the embedded one."""
    from planbank.embedded import EmbeddedPostgres

    if settings.database_url:
        yield settings.database_url
        return
    server = EmbeddedPostgres(settings.home)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


@contextmanager
def bank_alone(home: Path | None) -> Iterator[House]:
    """Its house, the tables made where they were missing. Raises HomeError, DatabaseUnavailable."""
    from planbank import boot
    from planbank.processes.supervise import migrate

    with resting(home) as settings, database_of(settings):
        boot.start_django(settings, "command")
        migrate()
        try:
            yield boot.build(settings, "command")
        finally:
            from django.db import connection

            connection.close()
