"""The port of the archive: raw bytes, put once under a key.

Comes in: bytes, written in parts. Goes out: the same bytes, for ever. Implementations:
`folder.FolderStore` (the default) and `memory.MemoryStore` (its twin), held to one contract
suite (tests/contract/test_store.py).

Keys are made by planbank, never by a sender: lower-case letters, digits, '/', '-', '.'.
Objects lie under `objects/<content hash>`, arrival records under `arrivals/<id>.json`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Part(Protocol):
    """Bytes on their way into the store, invisible until kept."""

    def write(self, data: bytes | memoryview) -> int:
        """Append bytes; returns how many (so that a Part can stand where a file is asked for)."""

    def read_head(self, size: int) -> bytes:
        """The first `size` bytes written so far."""

    def keep(self, key: str) -> bool:
        """Make the bytes durable under `key`; False where the key was already there (nothing changes).

        The bytes themselves are synced when this returns; the key's name is durable after
        `Store.settle()`. Raises StoreError when a sync fails; the part is then gone.
        """

    def drop(self) -> None:
        """Forget the bytes. Safe to call twice, and after keep."""


class Store(Protocol):
    """Where bytes are kept, put-once."""

    def part(self) -> Part:
        """Begin a new object."""

    def settle(self) -> None:
        """Make the names of all kept parts durable (fsync of the folders touched since the last call)."""

    def put(self, key: str, data: bytes) -> bool:
        """part + write + keep + settle for small things; False where the key was there."""

    def open(self, key: str) -> BinaryIO:
        """A readable, seekable stream. Raises ObjectMissing."""

    def size(self, key: str) -> int:
        """Bytes under `key`. Raises ObjectMissing."""

    def exists(self, key: str) -> bool:
        """Whether the key is there."""

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Every key that begins with `prefix`, in no order."""

    def erase(self, key: str) -> bool:
        """Remove for ever (erasure and cleanup only, the caller journals it); False where absent."""
