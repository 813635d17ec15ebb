"""An object of a bucket, read piece by piece.

Comes in: a client, a key, a size. Goes out: a seekable stream, which is asked for as it is read.
"""

from __future__ import annotations

import io
from typing import Any

from planbank.archive.s3.answers import told


class Ranges(io.RawIOBase):
    """An object read piece by piece."""

    def __init__(self, client: Any, key: str, size: int) -> None:
        self._client, self._key, self._size, self._at = client, key, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        import obstore

        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        with told(self._key):
            found = obstore.get_range(self._client, self._key, start=self._at, end=end)
        buffer[: end - self._at] = memoryview(found)
        count, self._at = end - self._at, end
        return count
