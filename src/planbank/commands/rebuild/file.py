"""The file of a settings export: compressed, and sealed for whoever may open parcels.

Comes in: lines of bytes, and the bank's public keys. Goes out: an age file that only a holder of the transit
key, or of an escrow key, can read. Nothing of it ever lies open on a disk.
"""

from __future__ import annotations

import gzip
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyrage

from planbank.errors import ExportError


@contextmanager
def sealed(path: Path, recipients: list[str]) -> Iterator[BinaryIO]:
    """A stream to write into; `path` is there, whole and synced, only after all went well.

    Raises ExportError where something lies at `path` already.
    """
    if path.exists():
        raise ExportError(f"{path} is there already and was not touched. Name another file.")
    part = path.with_name(f".{path.name}.part")
    keys = [pyrage.x25519.Recipient.from_str(key) for key in recipients]
    try:
        with open(part, "xb", opener=_private) as file:
            with (
                _beside(lambda end: pyrage.encrypt_io(end, file, keys), writing=True) as stream,
                gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=6) as packed,
            ):
                yield packed  # type: ignore[misc]
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except FileExistsError:
        raise ExportError(f"Another export to {path} is under way, or was killed: {part} is there.") from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def opened(path: Path, identities: list[str]) -> Iterator[BinaryIO]:
    """The lines of an export. Raises ExportError where it is not one, is damaged, or no key fits."""
    keys = [pyrage.x25519.Identity.from_str(key) for key in identities]
    try:
        with (
            path.open("rb") as file,
            _beside(lambda end: pyrage.decrypt_io(file, end, keys), writing=False) as stream,
            gzip.GzipFile(fileobj=stream, mode="rb") as packed,
        ):
            yield packed  # type: ignore[misc]
    except FileNotFoundError:
        raise ExportError(f"There is no file {path}.") from None
    except (gzip.BadGzipFile, EOFError) as exc:
        raise ExportError(f"{path} cannot be read to its end; nothing was changed.") from exc


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@contextmanager
def _beside(act: Callable[[BinaryIO], object], *, writing: bool) -> Iterator[BinaryIO]:
    """A pipe whose other end `act` serves in a thread; what it raises is raised here, as ExportError.

    `writing`: we write and it reads, else the other way round.
    """
    read, write = os.pipe()
    source, sink = os.fdopen(read, "rb"), os.fdopen(write, "wb")
    theirs, ours = (source, sink) if writing else (sink, source)
    failed: list[BaseException] = []

    def serve() -> None:
        try:
            with theirs:
                act(theirs)
        except Exception as exc:
            failed.append(exc)

    thread = threading.Thread(target=serve, name="age")
    thread.start()
    try:
        yield ours
    except (BrokenPipeError, EOFError, gzip.BadGzipFile):
        if not failed:
            raise
    finally:
        ours.close()
        thread.join()
    if failed and not isinstance(failed[0], BrokenPipeError):
        raise ExportError("It cannot be opened with the keys of this home, or it is damaged.") from failed[0]
