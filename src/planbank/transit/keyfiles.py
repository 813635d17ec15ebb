"""Reading the files of the key folder.

Comes in: a path. Goes out: bytes or lines, or KeyMissing naming the file and what is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planbank.errors import KeyMissing

if TYPE_CHECKING:
    from pathlib import Path


def read_key_file(path: Path) -> bytes:
    """The bytes of a key file. Raises KeyMissing naming the file and the reason."""
    try:
        return path.read_bytes()
    except OSError as exc:
        raise KeyMissing(f"{path}: {exc.strerror}.") from exc


def read_key_lines(path: Path) -> list[str]:
    """The keys of a file that holds one a line, # before comments. Raises KeyMissing when there is none."""
    lines = [line.strip() for line in read_key_file(path).decode("ascii", "replace").splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if not keys:
        raise KeyMissing(f"{path}: no key in it.")
    return keys
