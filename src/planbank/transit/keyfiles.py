"""Reading the files of the key folder, once or for as long as a process lives.

Comes in: a path. Goes out: bytes or lines, or KeyMissing naming the file and what is wrong; and
`Followed`, which reads a file anew once it has changed, so that keys change without a restart.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from planbank.errors import KeyMissing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

_log = logging.getLogger(__name__)


def read_key_file(path: Path) -> bytes:
    """The bytes of a key file. Raises KeyMissing naming the file and the reason."""
    try:
        return path.read_bytes()
    except OSError as exc:
        raise KeyMissing(f"{path}: {exc.strerror}.") from exc


def read_key_lines(path: Path) -> list[str]:
    """The keys of a file that holds one a line, # before comments. Raises KeyMissing when there is none."""
    lines = [line.strip() for line in read_key_file(path).decode("ascii", "replace").splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if not keys:
        raise KeyMissing(f"{path}: no key in it.")
    return keys


class Followed(Generic[T]):
    """What a key file holds now. Calling it costs one look at the file's time; threads may share it.

    A file that is gone, or that holds no key, changes nothing: the keys that were read last stay in
    force, since a process that lost its keys could only refuse.
    """

    def __init__(self, path: Path, read: Callable[[Path], T]) -> None:
        """`read` is called now, and in the thread that finds the file changed. Raises what it raises."""
        self._path = path
        self._read = read
        self._lock = threading.Lock()
        self._seen = _mark(path)
        self._value = read(path)

    def __call__(self) -> T:
        seen = _mark(self._path)
        if seen != self._seen and seen is not None:
            with self._lock:
                if seen != self._seen:
                    self._read_anew(seen)
        return self._value

    def _read_anew(self, seen: tuple[int, int, int]) -> None:
        # Marked as it was before it was read: what changes meanwhile is seen the next time.
        try:
            self._value = self._read(self._path)
        except KeyMissing as exc:
            _log.error("A changed key file cannot be used; the keys read before stay: %s", exc)
        else:
            _log.info("keys read anew", extra={"fields": {"file": self._path.name}})
        self._seen = seen


def _mark(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
