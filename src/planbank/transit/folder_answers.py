"""Answers as files in a folder that `work` and the gate mount.

Comes in: answers. Goes out: files, one a request.

    answers/<id>.answer   signed, durable; empty once it was reported or given up
    answers/<id>.held     locked by the gate's process whose association asked, while that is open
    answers/leader        locked by the gate's process that opens associations to report

Locks are the kernel's: they end with their process, so no clock and no process id is asked.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
from typing import TYPE_CHECKING

from planbank.archive.durable import create_locked, make_folder, sweep, sync_folder, write_all
from planbank.transit.answers import Answer, sign, verified
from planbank.transit.parcel import checked_parcel_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from planbank.transit.signature import Signer, VerifyKey

_NAME = re.compile(r"([0-9a-f]{32})\.answer")


class FolderAnswers:
    """A folder of answers (the port is `answers.Answers`)."""

    def __init__(
        self, folder: Path, *, signer: Signer | None = None, verify_key: VerifyKey | None = None
    ) -> None:
        """`work` gives `signer`, the gate `verify_key`. The folder is created."""
        self._folder = folder
        self._signer = signer
        self._verify_key = verify_key
        self._leader: int | None = None
        make_folder(folder)
        sweep(folder, ".part")
        sweep(folder, ".held")

    def publish(self, answer: Answer) -> bool:
        data = sign(answer, self._signer)
        # A link, not a rename: an answer that is there, or was reported, is never replaced.
        with self._written(data) as part:
            try:
                os.link(part, self._file(answer.request_id))
            except FileExistsError:
                return False
        sync_folder(self._folder)
        return True

    def waiting(self) -> list[str]:
        found = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                named = _NAME.fullmatch(entry.name)
                with contextlib.suppress(FileNotFoundError):  # forgotten in the meantime
                    if named and entry.stat().st_size:
                        found.append(named[1])
        return sorted(found)

    def read(self, request_id: str) -> Answer | None:
        try:
            data = self._file(request_id).read_bytes()
        except FileNotFoundError:
            return None
        return verified(data, request_id, self._verify_key) if data else None

    def finish(self, request_id: str) -> None:
        with self._written(b"") as part:
            part.rename(self._file(request_id))
        sync_folder(self._folder)

    def forget(self, request_id: str) -> None:
        self._file(request_id).unlink(missing_ok=True)

    def hold(self, request_id: str) -> _Held:
        path = self._folder / f"{checked_parcel_id(request_id)}.held"
        return _Held(path, create_locked(path))

    def is_held(self, request_id: str) -> bool:
        try:
            fd = os.open(self._folder / f"{checked_parcel_id(request_id)}.held", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(fd)
        return False

    def lead(self) -> bool:
        if self._leader is not None:
            return True
        fd = os.open(self._folder / "leader", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            return False
        self._leader = fd
        return True

    def can_verify(self) -> bool:
        return self._verify_key is not None

    def _file(self, request_id: str) -> Path:
        return self._folder / f"{checked_parcel_id(request_id)}.answer"

    @contextlib.contextmanager
    def _written(self, data: bytes) -> Iterator[Path]:
        """A synced file with these bytes, to be given a name; gone afterwards where it got none."""
        part = self._folder / f"{secrets.token_hex(16)}.part"
        fd = create_locked(part)
        try:
            write_all(fd, data)
            os.fsync(fd)
            yield part
        finally:
            part.unlink(missing_ok=True)
            os.close(fd)


class _Held:
    """The lock that says an association is open."""

    def __init__(self, path: Path, fd: int) -> None:
        self._path = path
        self._fd = fd

    def close(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._fd)
