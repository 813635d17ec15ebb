"""An empty home made ready, with its database running while it is filled.

Comes in: a folder that does not exist or is empty. Goes out: a `Bank`: where its database is, and
a way to leave a few whole patients in its transit area for `planbank up` to register.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bench.nation.parcels import leave
from planbank import boot
from planbank.config import load
from planbank.embedded import EmbeddedPostgres
from planbank.house import House
from planbank.processes.home import prepare
from planbank.processes.supervise import migrate

SEED = 20231018


@dataclass
class Bank:
    """A home with its database running."""

    url: str
    house: House

    def deposit(self, patients: int) -> None:
        """Leave whole synthetic patients in the transit area, as from the sender NATION_TPS."""
        from planbank.demo.patients import make_cohort, part10

        for patient in islice(make_cohort(SEED), patients):
            association = secrets.token_hex(16)
            for ds in patient.objects:
                leave(self.house.tray, part10(ds), association)


@contextmanager
def made_home(home: Path) -> Iterator[Bank]:
    """Make a home and run its database. Exits where the folder holds anything."""
    if home.exists() and any(home.iterdir()):
        sys.exit(f"{home} holds other data. A nation needs an empty home of its own.")
    with _running(home) as bank:
        (home / "test").write_text("This home holds invented data only.\n")
        yield bank


@contextmanager
def opened_home(home: Path) -> Iterator[Bank]:
    """Run the database of a home that `made_home` made. Exits for any other."""
    if not (home / "test").exists():
        sys.exit(f"{home} was not made by bench.nation.")
    with _running(home) as bank:
        yield bank


@contextmanager
def _running(home: Path) -> Iterator[Bank]:
    settings = load(home=home)
    if settings.database_url:
        sys.exit("PLANBANK_DATABASE_URL is set: a nation lives in a home of its own only.")
    lock = prepare(settings, demo=False)
    server = EmbeddedPostgres(home)
    server.start()
    try:
        house = boot.build(settings, "command")
        migrate()
        yield Bank(server.url, house)
    finally:
        server.stop()
        lock.close()
