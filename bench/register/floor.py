"""What the bytes alone cost by hand.

Comes in: a folder. Goes out: objects a second when each is read, hashed, written and synced in turn.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

SIZE = 526_000


def floor(folder: Path, objects: int) -> float:
    """Objects of a CT slice's size per second."""
    source = folder / "floor.in"
    source.write_bytes(os.urandom(SIZE))
    began = time.monotonic()
    for number in range(objects):
        data = source.read_bytes()
        hashlib.sha256(data).digest()
        with (folder / f"floor.{number}").open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    seconds = time.monotonic() - began
    for file in folder.glob("floor.*"):
        file.unlink()
    return objects / seconds
