"""An open stream as a path.

Comes in: a stream of the archive. Goes out: a path that leads to the same bytes, without a copy on disk:
what is sent in clear here lies nowhere else in clear.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def as_file(stream: BinaryIO) -> Iterator[Path]:
    """A path for as long as the block lasts (Linux: /proc/self/fd); bytes without a file go to memory."""
    try:
        number = stream.fileno()
    except io.UnsupportedOperation:
        number = -1
    if number >= 0:
        yield Path(f"/proc/self/fd/{number}")
        return
    number = os.memfd_create("object")
    with os.fdopen(number, "wb") as copy:
        shutil.copyfileobj(stream, copy)
        copy.flush()
        yield Path(f"/proc/self/fd/{number}")
