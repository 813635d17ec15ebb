"""The store: what is asked of a bucket.

Comes in: keys and bytes. Goes out: what the port `archive.store.Store` promises.
"""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from planbank.archive.names import checked_key, checked_prefix
from planbank.archive.s3.answers import told
from planbank.archive.s3.part import S3Part
from planbank.archive.s3.ranges import Ranges
from planbank.errors import ObjectMissing, SettingsError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

READ_WHOLE = 16 << 20
"""Bytes up to which an object is read when it is opened: it can be erased meanwhile."""

PIECE = 4 << 20
"""Bytes asked for at once of larger ones."""

_TRIAL = "trial/"


@dataclass(frozen=True)
class Bucket:
    """Where a store is, and who we are there. `folder` is put before every key."""

    name: str
    folder: str
    endpoint: str
    region: str
    access_key_id: str
    secret: str = field(repr=False)


class S3Store:
    """A bucket as archive (the port is `store.Store`). Threads, processes and machines may share it."""

    def __init__(self, bucket: Bucket, spool: Path) -> None:
        """`spool`: a folder for bytes on their way, private to this account.

        Raises SettingsError where obstore is not installed.
        """
        try:
            from obstore.store import S3Store as Client
        except ImportError as exc:
            raise SettingsError(
                "An archive in an object store needs the extra 's3': pip install planbank[s3]"
            ) from exc
        self._client: Any = Client(
            bucket.name,
            prefix=bucket.folder or None,
            endpoint=bucket.endpoint or None,
            region=bucket.region,
            access_key_id=bucket.access_key_id,
            secret_access_key=bucket.secret,
            client_options={"allow_http": bucket.endpoint.startswith("http://")},
        )
        self._spool = spool

    def must_keep_the_first(self) -> None:
        """Try the condition on a key of its own. Raises StoreError where a second put is taken too."""
        key = _TRIAL + secrets.token_hex(16)
        first, second = self.put(key, b"1"), self.put(key, b"2")
        self.erase(key)
        if not first or second:
            raise StoreError("This object store overwrites what is there (If-None-Match is not heeded).")

    def part(self) -> S3Part:
        return S3Part(self.create, self._spool)

    def settle(self) -> None:
        """A put that was answered is durable; there is nothing to wait for."""

    def put(self, key: str, data: bytes) -> bool:
        checked_key(key)
        return self.create(key, data)

    def create(self, key: str, content: bytes | BinaryIO) -> bool:
        """Put under a checked key, unless something lies there."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        if self.exists(key):  # saves sending what nobody needs
            return False
        try:
            with told(key):
                obstore.put(self._client, key, content, mode="create")
        except AlreadyExistsError:
            return False
        return True

    def open(self, key: str) -> BinaryIO:
        import obstore

        size = self.size(key)
        if size > READ_WHOLE:
            return cast("BinaryIO", io.BufferedReader(Ranges(self._client, key, size), PIECE))
        with told(key):
            return io.BytesIO(obstore.get(self._client, key).bytes() if size else b"")

    def size(self, key: str) -> int:
        import obstore

        with told(checked_key(key)):
            return int(obstore.head(self._client, key)["size"])

    def exists(self, key: str) -> bool:
        try:
            return self.size(key) >= 0
        except ObjectMissing:
            return False

    def keys(self, prefix: str = "") -> Iterator[str]:
        import obstore

        folder = checked_prefix(prefix).rpartition("/")[0]
        with told(folder or "The archive"):
            for portion in obstore.list(self._client, folder or None):
                for found in portion:
                    if (key := str(found["path"])).startswith(prefix) and not key.startswith(_TRIAL):
                        yield key

    def erase(self, key: str) -> bool:
        """A bucket with versions keeps the bytes: switch versions off, or let them end (docs, deploy)."""
        import obstore

        if not self.exists(key):
            return False
        with told(key):
            obstore.delete(self._client, key)
        return True
