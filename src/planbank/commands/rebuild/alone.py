"""A bank at rest: its database and nothing else of it, for as long as a command needs it.

Comes in: the folder that was named, if any. Goes out: its house, the tables made where they were missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planbank.house import House


@contextmanager
def bank_alone(home: Path | None) -> Iterator[House]:
    """Raises HomeError where the keys are not there or the bank runs, DatabaseUnavailable."""
    from planbank import boot
    from planbank.config import load
    from planbank.embedded import EmbeddedPostgres
    from planbank.errors import HomeError
    from planbank.processes.home import prepare
    from planbank.processes.supervise import migrate

    settings = load(home=home)
    if not settings.keys_dir.is_dir():
        raise HomeError(f"There are no keys in {settings.home}. Bring them back from their backup first.")
    with prepare(settings, demo=False):
        server = None if settings.database_url else EmbeddedPostgres(settings.home)
        if server is not None:
            server.start()
        try:
            boot.start_django(settings, "command")
            migrate()
            yield boot.build(settings, "command")
        finally:
            from django.db import connection

            connection.close()
            if server is not None:
                server.stop()
