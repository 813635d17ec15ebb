"""Bytes on their way into a bucket.

Comes in: pieces. Goes out: a file without a name, put when it is kept: a process that dies leaves nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from planbank.archive.names import checked_key
from planbank.errors import StoreError


class S3Part:
    """Bytes in a file without a name on their way into the store (the port is `store.Part`)."""

    def __init__(self, create: Callable[[str, BinaryIO], bool], spool: Path) -> None:
        self._create = create
        try:
            self._file: BinaryIO | None = cast("BinaryIO", tempfile.TemporaryFile(dir=spool))  # noqa: SIM115
        except OSError as exc:
            raise StoreError(f"A new part: {exc.strerror}.") from exc

    def write(self, data: bytes | memoryview) -> int:
        try:
            return self._open().write(data)
        except OSError as exc:
            raise StoreError(f"A part: {exc.strerror}.") from exc

    def read_head(self, size: int) -> bytes:
        file = self._open()
        end = file.tell()
        file.seek(0)
        head = file.read(size)
        file.seek(end)
        return head

    def keep(self, key: str) -> bool:
        file = self._open()
        checked_key(key)
        try:
            file.flush()
            file.seek(0)
            return self._create(key, file)
        finally:
            self.drop()

    def drop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> BinaryIO:
        if self._file is None:
            raise StoreError("This part was kept or dropped before.")
        return self._file
