"""An S3-compatible object store as archive: for banks of several machines.

Comes in: bytes under a key. Goes out: the same bytes. An object is put with the condition that nothing
lies there (If-None-Match: *), so of many writers one keeps, as with a folder's link; a store that does not
know the condition is refused at start. The port is `store.Store`; the library is obstore (planbank[s3]).
"""

from __future__ import annotations

import contextlib
import io
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from planbank.archive.names import checked_key, checked_prefix
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
    secret: str


class S3Part:
    """Bytes in a file without a name on their way into the store (the port is `store.Part`)."""

    def __init__(self, store: S3Store, spool: Path) -> None:
        self._store = store
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
            return self._store.create(key, file)
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
        return S3Part(self, self._spool)

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
            with _told(key):
                obstore.put(self._client, key, content, mode="create")
        except AlreadyExistsError:
            return False
        return True

    def open(self, key: str) -> BinaryIO:
        import obstore

        size = self.size(key)
        if size > READ_WHOLE:
            return cast("BinaryIO", io.BufferedReader(_Ranges(self._client, key, size), PIECE))
        with _told(key):
            return io.BytesIO(obstore.get(self._client, key).bytes() if size else b"")

    def size(self, key: str) -> int:
        import obstore

        with _told(checked_key(key)):
            return int(obstore.head(self._client, key)["size"])

    def exists(self, key: str) -> bool:
        try:
            return self.size(key) >= 0
        except ObjectMissing:
            return False

    def keys(self, prefix: str = "") -> Iterator[str]:
        import obstore

        folder = checked_prefix(prefix).rpartition("/")[0]
        with _told(folder or "The archive"):
            for portion in obstore.list(self._client, folder or None):
                for found in portion:
                    if (key := str(found["path"])).startswith(prefix) and not key.startswith(_TRIAL):
                        yield key

    def erase(self, key: str) -> bool:
        """A bucket with versions keeps the bytes: switch versions off, or let them end (docs, deploy)."""
        import obstore

        if not self.exists(key):
            return False
        with _told(key):
            obstore.delete(self._client, key)
        return True


class _Ranges(io.RawIOBase):
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
        with _told(self._key):
            found = obstore.get_range(self._client, self._key, start=self._at, end=end)
        buffer[: end - self._at] = memoryview(found)
        count, self._at = end - self._at, end
        return count


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Errors of the store as those of the archive; its answer may name places, so it is left out."""
    from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError

    try:
        yield
    except AlreadyExistsError:
        raise
    except (NotFoundError, FileNotFoundError) as exc:
        raise ObjectMissing(what) from exc
    except (BaseError, OSError) as exc:
        raise StoreError(f"{what}: the object store did not do it ({type(exc).__name__}).") from exc
