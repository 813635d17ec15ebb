"""What comes of preparing one object.

Comes in: the key under which its bytes lie. Goes out: their size, CRC-32 and SHA-256; or why there are none.
"""

from __future__ import annotations

from dataclasses import dataclass

from planbank.errors import PlanbankError


@dataclass(frozen=True, slots=True)
class Prepared:
    """Where the bytes lie, how many (bytes), and their sums."""

    key: str
    size: int
    crc: int
    sha256: str


class Unfit(PlanbankError):
    """This object cannot be given out."""

    def __init__(self, code: str) -> None:
        """`code` is one of takeout/words.py."""
        super().__init__()
        self.code = code
