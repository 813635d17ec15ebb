"""The bytes of one object between its parcel and the archive.

Comes in: a DICOM file, written piece by piece. Goes out: its bytes to look at, then a part of the
archive, synced under its key. Most objects fit memory and touch the disk once, in one write; what
is larger goes into a part as it comes.
"""

from __future__ import annotations

from planbank.archive.store import Part, Store

IN_MEMORY = 16 << 20


class Incoming:
    """An object on its way; nothing is under a key before `keep`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held = bytearray()
        self._part: Part | None = None

    def write(self, data: bytes, /) -> int:
        """Append bytes (so that this can stand where a sink is asked for)."""
        if self._part is not None:
            return self._part.write(data)
        self._held += data
        if len(self._held) > IN_MEMORY:
            self._begin_part()
        return len(data)

    def head(self, size: int) -> memoryview:
        """The first `size` bytes; nothing more is to be written while the view lives."""
        content = self._held if self._part is None else self._part.read_head(size)
        return memoryview(content).toreadonly()[:size]

    def keep(self, key: str) -> None:
        """Make the bytes durable under `key`, unless they are there. Raises StoreError."""
        try:
            (self._part or self._begin_part()).keep(key)
        finally:
            self.drop()  # also of a part that a full disk cut short: tried again, it would fill the rest

    def drop(self) -> None:
        """Forget the bytes."""
        if self._part is not None:
            self._part.drop()
        self._held = bytearray()

    def _begin_part(self) -> Part:
        self._part = self._store.part()
        self._part.write(self._held)
        self._held = bytearray()
        return self._part
