"""Debian's PostgreSQL on a socket, as a server that is not the bank's own.

Comes in: a folder. Goes out: a cluster that runs as the account postgres, and empty databases of it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


def _bin() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert found, "Debian's postgresql is missing: `make test` installs it"
    return found[-1]


def _run(*words: str | Path) -> None:
    """As the account postgres where we are root: a server refuses to run as root."""
    account = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    whole = [*(account if os.geteuid() == 0 else []), *map(str, words)]
    done = subprocess.run(whole, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout


@dataclass(frozen=True)
class PostgresServer:
    """Reached by a socket in `folder`."""

    folder: Path

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"bank_{secrets.token_hex(6)}"
        _run(_bin() / "createdb", "-h", self.folder, "-U", "postgres", name)
        return f"postgresql://postgres@/{name}?host={self.folder}"


@contextmanager
def running() -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data, log = folder / "data", folder / "log"
    try:
        _run(_bin() / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        _run(_bin() / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")
        try:
            yield PostgresServer(folder)
        finally:
            _run(_bin() / "pg_ctl", "-D", data, "-m", "fast", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
