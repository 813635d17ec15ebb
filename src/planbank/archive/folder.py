"""The archive as a folder of files, put-once, durable through a power cut.

Comes in: bytes under a key. Goes out: a read-only file `<root>/<key>`; unfinished bytes lie in
`<root>/parts`. A part is written, synced and then linked to its name, which fails where the name
is taken; `settle` syncs the folders that got new names.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import threading
from typing import TYPE_CHECKING, BinaryIO

from planbank.archive.durable import create_locked, make_folder, sweep, sync_folder, write_all
from planbank.archive.names import checked_key, checked_prefix, is_key
from planbank.errors import ObjectMissing, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Turn what the operating system says into an error of the archive."""
    try:
        yield
    except FileNotFoundError as exc:
        raise ObjectMissing(what) from exc
    except OSError as exc:
        raise StoreError(f"{what}: {exc.strerror}.") from exc


class FolderPart:
    """Bytes in `<root>/parts` on their way into the archive (the port is `store.Part`)."""

    def __init__(self, store: FolderStore, path: Path) -> None:
        self._store = store
        self._path = path
        with _told("A new part"):
            self._fd = create_locked(path)

    def write(self, data: bytes | memoryview) -> int:
        with _told("A part"):
            return write_all(self._open_fd(), data)

    def read_head(self, size: int) -> bytes:
        with _told("A part"):
            return os.pread(self._open_fd(), size, 0)

    def keep(self, key: str) -> bool:
        fd = self._open_fd()
        checked_key(key)
        try:
            if self._store.exists(key):  # saves the sync of bytes that nobody needs
                self._store.note(key)
                return False
            with _told(key):
                os.fchmod(fd, stat.S_IMODE(os.fstat(fd).st_mode) & 0o444)
                os.fsync(fd)
            return self._store.link(self._path, key)
        finally:
            self.drop()

    def drop(self) -> None:
        if self._fd < 0:
            return
        fd, self._fd = self._fd, -1
        with contextlib.suppress(OSError):  # a sweep removes what could not be removed here
            self._path.unlink()
        os.close(fd)

    def _open_fd(self) -> int:
        if self._fd < 0:
            raise StoreError("This part was kept or dropped before.")
        return self._fd


class FolderStore:
    """A folder as archive (the port is `store.Store`). Threads and processes may share it."""

    def __init__(self, root: Path) -> None:
        """`root` is created; parts whose writer is dead are swept. Raises StoreError."""
        self._root = root
        self._parts = root / "parts"
        self._lock = threading.Lock()
        self._settling = threading.Lock()
        self._touched: set[Path] = set()
        self._rooted: set[Path] = set()
        self._failed = ""
        with _told(str(root)):
            make_folder(self._parts)
            self.sweep()

    def sweep(self) -> int:
        """Remove parts whose writer is dead; returns how many. Safe at any time."""
        return sweep(self._parts, ".part")

    def part(self) -> FolderPart:
        self._refuse_after_failure()
        return FolderPart(self, self._parts / f"{secrets.token_hex(16)}.part")

    def settle(self) -> None:
        # One at a time: who finds nothing left to sync must not return before the sync that
        # another thread began, for its name too, has ended.
        with self._settling:
            self._refuse_after_failure()
            with self._lock:
                folders, self._touched = self._touched, set()
            try:
                for folder in folders:
                    sync_folder(folder)
            except OSError as exc:
                # The kernel tells of a lost write once. A second sync would succeed and prove
                # nothing, so this process keeps nothing more; the next one begins afresh.
                self._failed = f"A folder was not synced ({exc.strerror}). Check the disk, then restart."
                raise StoreError(self._failed) from exc

    def put(self, key: str, data: bytes) -> bool:
        part = self.part()
        try:
            part.write(data)
            new = part.keep(key)
        finally:
            part.drop()
        self.settle()
        return new

    def open(self, key: str) -> BinaryIO:
        with _told(key):
            return self._path(key).open("rb")

    def size(self, key: str) -> int:
        with _told(key):
            return self._path(key).stat().st_size

    def exists(self, key: str) -> bool:
        try:
            return self.size(key) >= 0
        except ObjectMissing:
            return False

    def keys(self, prefix: str = "") -> Iterator[str]:
        return self._walk(checked_prefix(prefix).rpartition("/")[0], prefix)

    def erase(self, key: str) -> bool:
        path = self._path(key)
        try:
            with _told(key):
                path.unlink()
                sync_folder(path.parent)
        except ObjectMissing:
            return False
        return True

    def link(self, part: Path, key: str) -> bool:
        """Give a synced part its name; False where it is taken."""
        path = self._path(key)
        with _told(key):
            try:
                try:
                    os.link(part, path)
                except FileNotFoundError:
                    path.parent.mkdir(mode=0o770, parents=True, exist_ok=True)
                    os.link(part, path)
            except FileExistsError:
                return False
            finally:
                self.note(key)
        return True

    def note(self, key: str) -> None:
        """Have the next settle sync the folder of `key`, and once per process those above it.

        Also for a name or a folder that was there before: who made it, in another process, may
        not have synced it yet.
        """
        folder = self._path(key).parent
        with self._lock:
            self._touched.add(folder)
            if folder not in self._rooted:
                self._rooted.add(folder)
                self._touched.update(folder.parents[: len(folder.relative_to(self._root).parts)])

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)

    def _walk(self, folder: str, prefix: str) -> Iterator[str]:
        """Keys under a folder; what is no key (links, backups, lost+found) is passed over."""
        if not (self._root / folder).is_dir():
            return
        with _told(folder), os.scandir(self._root / folder) as found:
            entries = [
                (entry.name, entry.is_dir(follow_symlinks=False)) for entry in found if not entry.is_symlink()
            ]
        for entry, is_folder in entries:
            name = f"{folder}/{entry}" if folder else entry
            if is_folder and (f"{name}/".startswith(prefix) or prefix.startswith(f"{name}/")):
                yield from self._walk(name, prefix)
            elif not is_folder and name.startswith(prefix) and is_key(name):
                yield name

    def _refuse_after_failure(self) -> None:
        if self._failed:
            raise StoreError(self._failed)
