"""Files that come into being whole or not at all, and folders whose names survive a power cut.

Comes in: paths and bytes. Goes out: locked part files, synced folders, and a sweep of the part
files that dead processes left. Used by the archive, the transit area and the key folder.

A writer holds an flock on its part file for as long as it lives; the kernel lets go when it
dies. So a part whose lock is free has no writer, whatever its age and whichever process,
container or machine (NFSv4, SMB) wrote it: no clock and no process id is asked.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


def create_locked(path: Path, mode: int = 0o660) -> int:
    """Create the file `path` and lock it until its descriptor is closed.

    Raises FileExistsError where it exists, other OSError when the disk refuses.
    """
    while True:
        fd = os.open(path, _NEW, mode)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            if os.fstat(fd).st_nlink:
                return fd
        except BaseException:
            os.close(fd)
            path.unlink(missing_ok=True)
            raise
        # A sweep came between creation and lock and took the file away: once more.
        os.close(fd)


def write_all(fd: int, data: bytes | memoryview) -> int:
    """Write every byte; a short write (a disk about to be full) goes on until it raises."""
    view = memoryview(data).cast("B")
    left = view
    while left:
        left = left[os.write(fd, left) :]
    return len(view)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_folder(folder: Path, mode: int = 0o770) -> None:
    """Create `folder` and its parents, each durable in its own parent."""
    if folder.is_dir():
        return
    make_folder(folder.parent, mode)
    folder.mkdir(mode=mode, exist_ok=True)
    sync_folder(folder.parent)


def sweep(folder: Path, suffix: str) -> int:
    """Remove the files of `folder` that end in `suffix` and have no living writer; returns how many."""
    swept = 0
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name.endswith(suffix)]
    for name in names:
        path = folder / name
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue  # gone in the meantime, or not ours to touch
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Another sweep may have taken this file, and its writer made it anew under the same name.
            if os.path.samestat(os.fstat(fd), path.lstat()):
                path.unlink()
                swept += 1
        except OSError:
            continue  # its writer lives, or it is gone
        finally:
            os.close(fd)
    return swept
