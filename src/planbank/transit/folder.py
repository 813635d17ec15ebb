"""The transit area as a folder that gate, site and back end mount.

Comes in: fragments of data with a header. Goes out: files, one a parcel.

    incoming/<id>.part      being written, locked by its writer (archive/durable.py)
    incoming/<id>.parcel    sealed, signed, durable: waits to be registered
    quarantine/<id>.parcel  set aside
    control/<name>.json     what back end and gate tell each other
    answers/                answers to storage commitment requests (folder_answers.py)

Only names that planbank itself makes are looked at; whatever else lies there is ignored.
"""

from __future__ import annotations

import contextlib
import errno
import heapq
import json
import os
import re
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from planbank.archive.durable import create_locked, make_folder, sweep, sync_folder, write_all
from planbank.errors import KeyMissing, ParcelMissing
from planbank.transit.answers import Answers
from planbank.transit.envelope import OpensSeals, open_parcel
from planbank.transit.folder_answers import FolderAnswers
from planbank.transit.look import Look, look
from planbank.transit.parcel import Header, Trailer, checked_parcel_id
from planbank.transit.reseal import reseal
from planbank.transit.seal import Recipients, as_recipients, seal_parcel
from planbank.transit.tray import Load, Opened, Sink, checked_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from planbank.transit.signature import Signer, VerifyKey

_PARCEL = re.compile(r"[0-9a-f]{32}\.parcel")
_SUFFIX = len(".parcel")

T = TypeVar("T")


class FolderTray:
    """A folder as transit area (the port is `tray.Tray`)."""

    def __init__(
        self,
        path: Path,
        *,
        recipients: Recipients | Sequence[str] = (),
        signer: Signer | None = None,
        opener: OpensSeals | None = None,
        verifiers: Mapping[str, VerifyKey] | None = None,
        answer_signer: Signer | None = None,
        answer_key: VerifyKey | None = None,
    ) -> None:
        """`path` is created. A depositor gives `recipients` (age1...) and `signer` and sweeps the
        part files of dead depositors; the back end gives `opener` and `verifiers` (by name). Who
        answers requests gives `answer_signer`, who reports the answers `answer_key`.
        """
        self.answers: Answers = FolderAnswers(path / "answers", signer=answer_signer, verify_key=answer_key)
        self._incoming = path / "incoming"
        self._quarantine = path / "quarantine"
        self._control = path / "control"
        self._recipients = as_recipients(recipients)
        self._signer = signer
        self._opener = opener
        self._verifiers = dict(verifiers or {})
        for folder in (self._incoming, self._quarantine, self._control):
            make_folder(folder)
        if signer is not None:
            self.sweep()

    def sweep(self) -> int:
        """Remove unfinished files whose writer is dead; returns how many. Safe at any time."""
        return sweep(self._incoming, ".part") + sweep(self._control, ".tmp")

    def probe(self) -> None:
        """Write, sync and remove a small file where parcels are kept. Raises OSError."""
        part = self._incoming / f"probe-{secrets.token_hex(8)}.part"
        fd = create_locked(part)
        try:
            write_all(fd, b"\0" * 4096)
            os.fsync(fd)
        finally:
            part.unlink(missing_ok=True)
            os.close(fd)

    def space(self) -> tuple[int, int]:
        """Bytes free for parcels, and the size of the file system. Raises OSError."""
        status = os.statvfs(self._incoming)
        return status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize

    def put(self, header: Header, fragments: Iterable[bytes | memoryview]) -> Trailer:
        if self._recipients is None or self._signer is None:
            raise KeyMissing("This process may not leave parcels.")
        recipients, signer = self._recipients, self._signer
        part = self._incoming / f"{checked_parcel_id(header.parcel_id)}.part"
        parcel = part.with_suffix(".parcel")

        def fill(fd: int) -> Trailer:
            return seal_parcel(header, fragments, lambda data: write_all(fd, data), recipients, signer)

        return _publish(part, parcel, fill, replace=False)

    def waiting(self, limit: int | None = None) -> list[str]:
        names = _parcels(self._incoming)
        return sorted(names) if limit is None else heapq.nsmallest(limit, names)

    def open(self, parcel_id: str, begin: Callable[[Header], Sink]) -> Opened:
        with self._file(parcel_id) as file:
            return open_parcel(file, parcel_id, begin, self._opener, self._verifiers)

    def look(self, parcel_id: str) -> Look:
        with self._file(parcel_id) as file:
            return look(file, self._opener, self._verifiers)

    def reseal(self, parcel_id: str, signer: Signer | None = None) -> Trailer:
        signer = signer or self._signer
        if self._recipients is None or signer is None:
            raise KeyMissing("This process may not leave parcels.")
        recipients = self._recipients
        with self._file(parcel_id) as file:
            final = Path(file.name)

            def seal(header: Header, data: Iterator[bytes]) -> Trailer:
                # Always from `incoming`, the folder whose part files are swept.
                part = self._incoming / f"{parcel_id}.{secrets.token_hex(8)}.part"

                def fill(fd: int) -> Trailer:
                    trailer = seal_parcel(header, data, lambda b: write_all(fd, b), recipients, signer)
                    if not final.exists():
                        raise ParcelMissing
                    return trailer

                return _publish(part, final, fill, replace=True)

            return reseal(
                lambda begin: open_parcel(file, parcel_id, begin, self._opener, self._verifiers), seal
            )

    def _file(self, parcel_id: str) -> BinaryIO:
        """The file of a waiting parcel, else of a quarantined one."""
        for folder in (self._incoming, self._quarantine):
            try:
                return _path(folder, parcel_id).open("rb")
            except FileNotFoundError:
                continue
        raise ParcelMissing

    def delete(self, parcel_id: str) -> None:
        for folder in (self._incoming, self._quarantine):
            _path(folder, parcel_id).unlink(missing_ok=True)

    def quarantine(self, parcel_id: str) -> None:
        _move(parcel_id, self._incoming, self._quarantine)

    def release(self, parcel_id: str) -> None:
        _move(parcel_id, self._quarantine, self._incoming)

    def quarantined(self) -> list[str]:
        return list(_parcels(self._quarantine))

    def load(self) -> Load:
        parcels = size = 0
        for parcel_id in _parcels(self._incoming):
            try:
                size += _path(self._incoming, parcel_id).stat().st_size
            except FileNotFoundError:
                continue  # registered in the meantime
            parcels += 1
        return Load(parcels, size)

    def publish(self, name: str, content: dict[str, Any]) -> None:
        final = self._control / f"{checked_name(name)}.json"
        data = json.dumps(content).encode()
        # Clocks are set back and tick coarsely; readers need a time that grows with every publication.
        stamp = max(time.time_ns(), _changed_ns(final) + 1_000_000)

        def fill(fd: int) -> None:
            write_all(fd, data)
            os.utime(fd, ns=(stamp, stamp))

        _publish(self._control / f"{name}.{secrets.token_hex(8)}.tmp", final, fill, replace=True)

    def read(self, name: str) -> dict[str, Any] | None:
        try:
            content = json.loads((self._control / f"{checked_name(name)}.json").read_bytes())
        except FileNotFoundError:
            return None
        if not isinstance(content, dict):
            raise ValueError(f"control/{name}.json does not hold a JSON object.")
        return content

    def changed(self, name: str) -> float:
        return _changed_ns(self._control / f"{checked_name(name)}.json") / 1e9


def _path(folder: Path, parcel_id: str) -> Path:
    return folder / f"{checked_parcel_id(parcel_id)}.parcel"


def _parcels(folder: Path) -> Iterator[str]:
    """Parcel ids in a folder, by name alone: no file is touched."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if _PARCEL.fullmatch(entry.name):
                yield entry.name[:-_SUFFIX]


def _move(parcel_id: str, source: Path, target: Path) -> None:
    try:
        _path(source, parcel_id).rename(_path(target, parcel_id))
    except FileNotFoundError:
        raise ParcelMissing from None
    sync_folder(target)
    sync_folder(source)


def _changed_ns(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _publish(part: Path, final: Path, fill: Callable[[int], T], *, replace: bool) -> T:
    """Fill `part`, sync it, rename it to `final`, sync the folder; on any failure nothing is left.

    A failed sync is not tried again: the kernel may have forgotten the bytes by then.
    """
    fd = create_locked(part)
    try:
        result = fill(fd)
        os.fsync(fd)
        if not replace and final.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), final.name)
        part.rename(final)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    finally:
        os.close(fd)
    try:
        sync_folder(final.parent)
    except OSError:
        if not replace:
            final.unlink(missing_ok=True)
        raise
    return result
