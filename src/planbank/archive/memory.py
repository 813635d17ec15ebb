"""The archive in memory: the twin of `folder.FolderStore` for tests and for trying things out.

Comes in: bytes under a key. Goes out: the same bytes, until the process ends.
"""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, BinaryIO

from planbank.archive.names import checked_key, checked_prefix
from planbank.errors import ObjectMissing, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator


class MemoryPart:
    """Bytes on their way into the archive (the port is `store.Part`)."""

    def __init__(self, objects: dict[str, bytes], lock: threading.Lock) -> None:
        self._objects = objects
        self._lock = lock
        self._data: bytearray | None = bytearray()

    def write(self, data: bytes | memoryview) -> int:
        self._held().extend(data)
        return memoryview(data).nbytes

    def read_head(self, size: int) -> bytes:
        return bytes(self._held()[:size])

    def keep(self, key: str) -> bool:
        content = bytes(self._held())
        checked_key(key)
        self._data = None
        with self._lock:
            if key in self._objects:
                return False
            self._objects[key] = content
        return True

    def drop(self) -> None:
        self._data = None

    def _held(self) -> bytearray:
        if self._data is None:
            raise StoreError("This part was kept or dropped before.")
        return self._data


class MemoryStore:
    """An archive that ends with its process (the port is `store.Store`)."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def part(self) -> MemoryPart:
        return MemoryPart(self._objects, self._lock)

    def settle(self) -> None:
        """Nothing outlives the process, so nothing is to be made durable."""

    def put(self, key: str, data: bytes) -> bool:
        part = self.part()
        part.write(data)
        return part.keep(key)

    def open(self, key: str) -> BinaryIO:
        return io.BytesIO(self._get(key))

    def size(self, key: str) -> int:
        return len(self._get(key))

    def exists(self, key: str) -> bool:
        return checked_key(key) in self._objects

    def keys(self, prefix: str = "") -> Iterator[str]:
        checked_prefix(prefix)
        return iter([key for key in list(self._objects) if key.startswith(prefix)])

    def erase(self, key: str) -> bool:
        return self._objects.pop(checked_key(key), None) is not None

    def _get(self, key: str) -> bytes:
        try:
            return self._objects[checked_key(key)]
        except KeyError:
            raise ObjectMissing(key) from None
