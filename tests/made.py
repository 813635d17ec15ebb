"""Synthetic patients, made once a process and read anew for each test.

Comes in: what `make_patient` takes. Goes out: its objects. They are read from bytes, so what a test does not
touch is never decoded, and what it changes is its own.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Any

from pydicom import dcmread, dcmwrite
from pydicom.dataset import FileDataset

from planbank.demo.patients import make_patient

CT = "1.2.840.10008.5.1.4.1.1.2"


def made(site: str, seed: int = 11, **more: Any) -> list[FileDataset]:
    """The objects of a patient, in sending order."""
    return [dcmread(BytesIO(data)) for data in _files(site, seed, tuple(sorted(more.items())))]


def thinned(site: str, seed: int = 11) -> list[FileDataset]:
    """A patient with each RT object and every fourth CT image, images first, so that a test is quick."""
    objects = made(site, seed)
    images = [ds for ds in objects if ds.SOPClassUID == CT]
    return [*images[::4], *(ds for ds in objects if ds.SOPClassUID != CT)]


@cache
def _files(site: str, seed: int, more: tuple[tuple[str, Any], ...]) -> tuple[bytes, ...]:
    return tuple(map(_file, make_patient(site, seed=seed, **dict(more)).objects))  # type: ignore[arg-type]


def _file(ds: FileDataset) -> bytes:
    buffer = BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()
