"""The bank that a command works on.

Comes in: the folder that was named, if any. Goes out: its house.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planbank.house import House


def house_of(home: Path | None) -> House:
    """The house of a bank that is there and whose database answers."""
    from planbank import boot
    from planbank.config import load
    from planbank.errors import DatabaseUnavailable, HomeError

    settings = load(home=home)
    if not settings.keys_dir.is_dir():
        raise HomeError(f"There is no bank in {settings.home}. Start one with: planbank up --home DIR")
    house = boot.build(settings, "command")
    from django.db import OperationalError, connection

    try:
        connection.ensure_connection()
    except OperationalError as exc:
        raise DatabaseUnavailable(f"Is planbank up running? {str(exc).splitlines()[0]}") from exc
    return house
