"""How a data set is encoded: transfer syntaxes, Part 10 files, deflated data sets.

Comes in: a Transfer Syntax UID or the bytes of a Part 10 file. Goes out: an `Encoding`
(byte order, explicit or implicit VR, compressed pixels or not) and the data-set bytes.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from planbank.errors import DicomMalformed, DicomTooLong, DicomTruncated

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED_LITTLE = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
JPIP_DEFLATED = "1.2.840.10008.1.2.4.95"
JPIP_HTJ2K_DEFLATED = "1.2.840.10008.1.2.4.205"
GE_IMPLICIT_BIG_PIXELS = "1.2.840.113619.5.2"

MAX_INFLATED = 2 * 1024**3
"""Largest data set that is inflated, in bytes."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of a data set's elements (DICOM PS3.5, sections 7.1 and 10).

    `encapsulated` says that Pixel Data, where present at the top level, may be compressed.
    """

    explicit: bool
    little: bool = True
    deflated: bool = False
    encapsulated: bool = False


IMPLICIT = Encoding(explicit=False)
EXPLICIT = Encoding(explicit=True)

_KNOWN = {
    IMPLICIT_LITTLE: IMPLICIT,
    GE_IMPLICIT_BIG_PIXELS: IMPLICIT,
    EXPLICIT_LITTLE: EXPLICIT,
    EXPLICIT_BIG: Encoding(explicit=True, little=False),
    DEFLATED_LITTLE: Encoding(explicit=True, deflated=True),
    JPIP_DEFLATED: Encoding(explicit=True, deflated=True),
    JPIP_HTJ2K_DEFLATED: Encoding(explicit=True, deflated=True),
}
_COMPRESSED = Encoding(explicit=True, encapsulated=True)


def encoding_of(transfer_syntax_uid: str) -> Encoding:
    """The encoding a transfer syntax stands for.

    Every syntax that is not one of the four plain ones is explicit VR little endian with
    encapsulated pixels (PS3.5, annex A.4); private ones are read the same way.
    """
    return _KNOWN.get(transfer_syntax_uid.strip(" \0"), _COMPRESSED)


def inflate(data: bytes | memoryview, *, limit: int = MAX_INFLATED) -> bytes:
    """Inflate a deflated data set (PS3.5, annex A.5), at most `limit` bytes.

    Raises DicomTooLong beyond the limit, DicomTruncated where the stream stops early and
    DicomMalformed where it is not a deflate stream.
    """
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = engine.decompress(data, limit + 1)
    except zlib.error as exc:
        raise DicomMalformed("The data set is said to be deflated and is not.") from exc
    if len(plain) > limit:
        raise DicomTooLong(f"It inflates beyond {limit} bytes.")
    if not engine.eof:
        raise DicomTruncated("The deflated data set stops before its end.")
    return plain


def plain_data_set(data: bytes | memoryview, transfer_syntax_uid: str) -> tuple[bytes | memoryview, Encoding]:
    """The data-set bytes, inflated where the syntax deflates, and their encoding."""
    encoding = encoding_of(transfer_syntax_uid)
    return (inflate(data) if encoding.deflated else data), encoding


def split_part10(data: bytes) -> tuple[str, memoryview]:
    """Split a Part 10 file (PS3.10, section 7.1) into Transfer Syntax UID and data-set bytes.

    The bytes are a view on `data`, as stored (deflated ones stay deflated). Raises
    DicomMalformed where preamble, prefix or meta header are not as they must be.
    """
    if data[128:132] != b"DICM":
        raise DicomMalformed("This is no DICOM file: 'DICM' is missing after the preamble.")
    position, syntax = 132, ""
    while data[position : position + 2] == b"\x02\x00":
        long_form = data[position + 4 : position + 6] in _LONG_IN_META
        start = position + (12 if long_form else 8)
        length = int.from_bytes(data[start - (4 if long_form else 2) : start], "little")
        if start + length > len(data):
            raise DicomTruncated("The meta header runs past the end of the file.")
        if data[position + 2 : position + 4] == b"\x10\x00":
            syntax = bytes(data[start : start + length]).decode("ascii", "replace").strip(" \0")
        position = start + length
    if not syntax:
        raise DicomMalformed("The meta header names no transfer syntax.")
    return syntax, memoryview(data)[position:]


def split_file(data: bytes) -> tuple[str, memoryview]:
    """Like `split_part10`, but also for files that hold a bare data set.

    Some systems and archives write the data set alone; its encoding is then told from its
    first element. Raises DicomMalformed where the bytes are neither.
    """
    if data[128:132] == b"DICM":
        return split_part10(data)
    if data[:2] == b"\x02\x00":
        return split_part10(bytes(128) + b"DICM" + data)
    group = data[:2]
    if group not in (b"\x08\x00", b"\x00\x08"):
        raise DicomMalformed("This is no DICOM file.")
    explicit = data[4:6].isalpha() and data[4:6].isupper()
    if group == b"\x00\x08":
        return EXPLICIT_BIG, memoryview(data)
    return (EXPLICIT_LITTLE if explicit else IMPLICIT_LITTLE), memoryview(data)


_LONG_IN_META = (b"OB", b"UN", b"OW", b"UT", b"SQ")
