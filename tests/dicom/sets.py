"""The real data sets of ../shared/data, read out of their archives into memory.

Comes in: the name of an archive. Goes out: its files as (transfer syntax, data-set bytes).
"""

from __future__ import annotations

import tarfile
from functools import lru_cache
from pathlib import Path

from planbank.dicom.encoding import split_file


@lru_cache(maxsize=2)
def files(archive: Path, contains: str = "") -> dict[str, bytes]:
    """Member name -> bytes, of members whose name contains a text."""
    with tarfile.open(archive) as tar:
        return {
            member.name: tar.extractfile(member).read()  # type: ignore[union-attr]
            for member in tar.getmembers()
            if member.isfile() and contains in member.name
        }


def one(archive: Path, contains: str) -> tuple[bytes, str]:
    """(data-set bytes, transfer syntax) of the only member whose name contains a text."""
    (data,) = (content for name, content in files(archive).items() if contains in name)
    syntax, plain = split_file(data)
    return bytes(plain), syntax
