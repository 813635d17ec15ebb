"""The bank's tables in a database that has none yet.

Comes in: settings and the address of a database. Goes out: its tables, made by the migrations of this
version in a process of its own: this one works on another database.
"""

from __future__ import annotations

import subprocess
import sys

from planbank.config import Settings, environment
from planbank.errors import MoveError


def make_tables(settings: Settings, url: str) -> None:
    """Raises MoveError with what the database said."""
    env = environment(settings) | {"PLANBANK_DATABASE_URL": url}
    done = subprocess.run(
        [sys.executable, "-m", "planbank", "migrate"], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it did not say why"]
        raise MoveError(f"Nothing was copied: the tables cannot be made there. {said[-1]}")
