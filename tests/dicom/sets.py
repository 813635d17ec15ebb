"""The real data sets of ../shared/data, read out of their archives into memory.

Comes in: the name of an archive. Goes out: its files as (transfer syntax, data-set bytes).
"""

from __future__ import annotations

import tarfile
from functools import lru_cache
from pathlib import Path

from planbank.dicom.encoding import split_file


@lru_cache(maxsize=2)
def _members(archive: Path) -> dict[str, bytes]:
    """Opening an archive takes seconds, so the last ones stay open."""
    found = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            stream = tar.extractfile(member)
            if stream is not None:
                found[member.name] = stream.read()
    return found


def files(archive: Path, contains: str = "") -> dict[str, bytes]:
    """Member name -> bytes, of members whose name contains a text."""
    return {name: data for name, data in _members(archive).items() if contains in name}


def one(archive: Path, contains: str) -> tuple[bytes, str]:
    """(data-set bytes, transfer syntax) of the only member whose name contains a text."""
    (data,) = (content for name, content in files(archive).items() if contains in name)
    syntax, plain = split_file(data)
    return bytes(plain), syntax
