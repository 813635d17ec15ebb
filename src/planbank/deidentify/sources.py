"""Where files come from: one file, a folder or a zip archive, none of it trusted.

Comes in: a path that the caller named. Goes out: `Source` by `Source`, in the order of their names.
No name from inside becomes a path: links are not followed, members of an archive are read and never
unpacked, and what is larger than an object can be is not read.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from planbank.errors import DeidentifyError, Refused

MAX_FILE = 2 * 1024**3
"""Largest file that is read, in bytes."""
MAX_FILES = 500_000
_BOMB_FROM = 64 * 1024**2
_BOMB_RATIO = 250
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its place in the order of names, from 1, its size, and how to read it.

    `read` raises Refused, in words that name nothing of the file.
    """

    place: int
    size: int
    read: Callable[[], bytes]


def sources(path: Path) -> list[Source]:
    """All files behind a path. Raises DeidentifyError where there are none or it cannot be read."""
    try:
        if path.is_dir():
            found = _in_folder(path)
        elif path.is_file():
            found = _in_file(path)
        else:
            raise DeidentifyError("There is no such file or folder to read from.")
    except OSError as exc:
        raise DeidentifyError(f"What shall be copied cannot be read: {exc.strerror}.") from exc
    if not found:
        raise DeidentifyError("There is nothing to copy: no file was found.")
    return [Source(place, size, read) for place, (size, read) in enumerate(found, start=1)]


_Unplaced = tuple[int, Callable[[], bytes]]


def _in_folder(folder: Path) -> list[_Unplaced]:
    found: list[tuple[str, _Unplaced]] = []
    for name, entry in _entries(folder, ""):
        found.append((name, _of_entry(entry)))
        if len(found) > MAX_FILES:
            raise DeidentifyError(f"There are more than {MAX_FILES} files.")
    return [source for _, source in sorted(found, key=lambda each: each[0])]


def _entries(folder: Path, inside: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(Path(entry.path), f"{inside}{entry.name}/")
            else:
                yield inside + entry.name, entry


def _of_entry(entry: os.DirEntry[str]) -> _Unplaced:
    if entry.is_symlink():
        return 0, _refusing("It is a link; links are not followed.")
    if not entry.is_file(follow_symlinks=False):
        return 0, _refusing("It is no ordinary file.")
    path = entry.path
    return entry.stat(follow_symlinks=False).st_size, lambda: _read(path)


def _refusing(reason: str) -> Callable[[], bytes]:
    def refuse() -> bytes:
        raise Refused(reason)

    return refuse


def _read(path: str) -> bytes:
    """An ordinary file, and not a link that took its place meanwhile."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as exc:
        raise Refused(f"It cannot be read: {exc.strerror}.") from exc
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise Refused("It is no ordinary file.")
        if status.st_size > MAX_FILE:
            raise Refused("It is larger than 2 GiB.")
        return file.read(MAX_FILE + 1)


def _in_file(path: Path) -> list[_Unplaced]:
    with path.open("rb") as file:
        head = file.read(132)
    if not head.startswith(_ZIP):
        real = str(path.resolve())
        return [(path.stat().st_size, lambda: _read(real))]
    if head[128:] == b"DICM":
        raise DeidentifyError(
            "The file is a zip archive and a DICOM file at once; which is meant cannot be told."
        )
    return _in_zip(path)


def _in_zip(path: Path) -> list[_Unplaced]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as exc:
        raise DeidentifyError("The zip archive cannot be read.") from exc
    if len(members) > MAX_FILES:
        raise DeidentifyError(f"There are more than {MAX_FILES} files.")
    packed = max(path.stat().st_size, 1)
    total = sum(member.file_size for member in members)
    if total > 16 * _BOMB_FROM and total > _BOMB_RATIO * packed:
        raise DeidentifyError("The zip archive says it holds far more than it can: it is a bomb.")
    members.sort(key=lambda member: member.filename)
    return [_of_member(path, member) for member in members]


def _of_member(path: Path, member: zipfile.ZipInfo) -> _Unplaced:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return 0, _refusing("It is a link; links are not followed.")
    if kind not in (0, stat.S_IFREG):
        return 0, _refusing("It is no ordinary file.")
    if member.flag_bits & 1:
        return 0, _refusing("It is encrypted.")
    if member.file_size > MAX_FILE:
        return 0, _refusing("It is larger than 2 GiB.")
    if member.file_size > _BOMB_FROM and member.file_size > _BOMB_RATIO * max(member.compress_size, 1):
        return 0, _refusing("It unpacks to far more than a DICOM file would: it is a bomb.")
    return member.file_size, lambda: _unpack(path, member)


def _unpack(path: Path, member: zipfile.ZipInfo) -> bytes:
    """The bytes of a member, never more than it says it has."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            data = file.read(member.file_size + 1)
    except Exception as exc:  # zipfile lets errors of zlib, lzma, bz2 and struct through
        raise Refused("It cannot be unpacked from the archive.") from exc
    if len(data) != member.file_size:
        raise Refused("It cannot be unpacked from the archive.")
    return data
