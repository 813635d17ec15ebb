"""DICOM files (PS3.10 section 7) around data-set bytes that stay as they were received.

Comes in: three UIDs, or the stream of a stored object. Goes out: the bytes that precede the data
set, always the same for the same UIDs, or the transfer syntax, the place of the data set and its
content hash.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from planbank.archive.names import content_digest
from planbank.errors import DicomError

if TYPE_CHECKING:
    from collections.abc import Iterator

# A UID derived from a UUID (PS3.5 B.2), made once for planbank. It and the version name say who
# wrote the file, not which release did: an object's bytes must not depend on the release.
IMPLEMENTATION_CLASS_UID = "2.25.315585967843102113021257669554744926671"
IMPLEMENTATION_VERSION_NAME = "PLANBANK"

_PREAMBLE = bytes(128) + b"DICM"
_UID = re.compile(r"[0-9.]{1,64}")
_LONG = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
_META_LIMIT = 1 << 20
_BLOCK = 1 << 20


def preamble_and_meta(sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> bytes:
    """Preamble of zeros, prefix and File Meta Information (PS3.10 section 7.1); the data set follows.

    Raises DicomError for a UID that is not 1 to 64 digits and dots.
    """
    elements = (
        _element(0x0001, b"OB", b"\x00\x01")
        + _uid(0x0002, sop_class_uid)
        + _uid(0x0003, sop_instance_uid)
        + _uid(0x0010, transfer_syntax_uid)
        + _uid(0x0012, IMPLEMENTATION_CLASS_UID)
        + _element(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME.encode(), pad=b" ")
    )
    return _PREAMBLE + _element(0x0000, b"UL", len(elements).to_bytes(4, "little")) + elements


def _uid(number: int, uid: str) -> bytes:
    if not _UID.fullmatch(uid):
        raise DicomError("A UID has 1 to 64 digits and dots.")
    return _element(number, b"UI", uid.encode())


def _element(number: int, vr: bytes, value: bytes, pad: bytes = b"\x00") -> bytes:
    """An element of group 0002 in explicit VR little endian (PS3.5 section 7.1.2)."""
    value += pad * (len(value) % 2)
    length = bytes(2) + len(value).to_bytes(4, "little") if vr in _LONG else len(value).to_bytes(2, "little")
    return b"\x02\x00" + number.to_bytes(2, "little") + vr + length + value


def split(stream: BinaryIO) -> tuple[str, int]:
    """Transfer syntax UID of a DICOM file and the offset at which its data set begins.

    Reads from the start of the stream and leaves it at the data set. Raises DicomError when the
    prefix, the group length or the transfer syntax is missing.
    """
    stream.seek(0)
    start = stream.read(len(_PREAMBLE) + 12)
    group_length = start[len(_PREAMBLE) :]
    if start[128:132] != b"DICM" or group_length[:8] != b"\x02\x00\x00\x00UL\x04\x00":
        raise DicomError("This does not begin as a DICOM file does.")
    size = int.from_bytes(group_length[8:], "little")
    meta = stream.read(size) if len(group_length) == 12 and size <= _META_LIMIT else b""
    if not meta or len(meta) != size:
        raise DicomError("Its File Meta Information is cut short or too long.")
    for number, value in _elements(meta):
        if number == 0x0010:
            return value.rstrip(b"\x00 ").decode("ascii", "replace"), len(start) + size
    raise DicomError("Its File Meta Information names no transfer syntax.")


def _elements(meta: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and value of each element of group 0002."""
    at = 0
    while at < len(meta):
        head = meta[at : at + 12]
        long = head[4:6] in _LONG
        length = int.from_bytes(head[8:12] if long else head[6:8], "little")
        begin = at + (12 if long else 8)
        at = begin + length
        if head[:2] != b"\x02\x00" or at > len(meta):
            raise DicomError("Its File Meta Information does not add up.")
        yield int.from_bytes(head[2:4], "little"), meta[begin:at]


def content_hash(stream: BinaryIO) -> str:
    """The content hash of a stored object, read anew: SHA-256 over syntax, newline and data set.

    Memory stays flat. Raises DicomError as `split` does.
    """
    transfer_syntax_uid, _ = split(stream)
    digest = content_digest(transfer_syntax_uid)
    while block := stream.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()
