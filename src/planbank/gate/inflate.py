"""Deflated data sets, inflated piece by piece (PS3.5 Annex A.5).

Comes in: deflated bytes. Goes out: the plain bytes, handed on in pieces; ObjectRefused where
there would be too many, or where the stream is not one.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from planbank.gate.structure import malformed

if TYPE_CHECKING:
    from planbank.gate.structure import Structure

_PIECE = 262144
MOST = 2 * 1024**3
"""Plain bytes of one data set; the back end inflates no more."""
RATIO = 250
FREE = 64 * 1024**2
"""Plain bytes from which the ratio counts: a dose grid or a phantom is mostly zeros."""
_GZIP_TAIL = 8


class Inflate:
    """Stands before a `Structure`, with the same two methods."""

    def __init__(self, structure: Structure) -> None:
        self._structure = structure
        self._engine = zlib.decompressobj(-zlib.MAX_WBITS)
        self._came = self._plain = 0
        self._behind = b""

    def feed(self, piece: bytes | memoryview) -> None:
        """Raises ObjectRefused."""
        self._came += len(piece)
        if self._engine.eof:
            self._follow(bytes(piece))
            return
        plain = b""
        while piece or len(plain) == _PIECE:
            try:
                plain = self._engine.decompress(piece, _PIECE)
            except zlib.error:
                raise malformed("The data set is said to be deflated and is not.") from None
            self._hand_on(plain)
            if self._engine.eof:
                self._follow(self._engine.unused_data)
                return
            piece = self._engine.unconsumed_tail

    def _hand_on(self, plain: bytes) -> None:
        self._plain += len(plain)
        if self._plain > MOST or self._plain > max(FREE, RATIO * self._came):
            raise malformed("The data set inflates to too many bytes.")
        self._structure.feed(plain)

    def _follow(self, behind: bytes) -> None:
        """Bytes behind the end: a NUL for an even length, or what some writers leave of a gzip file."""
        if len(self._behind) + len(behind) > _GZIP_TAIL + 1:
            raise malformed("Bytes follow the deflated data set.")
        self._behind += behind

    def end(self) -> None:
        """Raises ObjectRefused."""
        if not self._engine.eof:
            raise malformed("The deflated data set stops before its end.")
        size = (self._plain & 0xFFFFFFFF).to_bytes(4, "little")
        checksum, said, padding = self._behind[:4], self._behind[4:_GZIP_TAIL], self._behind[_GZIP_TAIL:]
        if checksum not in (b"", b"\0") and (said != size or padding.strip(b"\0")):
            raise malformed("Bytes follow the deflated data set.")
        self._structure.end()
