"""Who and what an object is, from the first bytes of its data set.

Comes in: an encoded data set (bytes, or a stream that is read only as far as needed) and
its transfer syntax. Goes out: an `Identity` of plain strings. Only top-level elements up to
the last wanted one are looked at; sequences and long values are passed over undecoded.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from planbank.dicom import text
from planbank.dicom.compare import differences, same_elements
from planbank.dicom.elements import SHORT_VRS, UNDEFINED, Walker
from planbank.dicom.encoding import Encoding, encoding_of
from planbank.errors import DicomMalformed, DicomTooLong, DicomTooMany, DicomTruncated

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEFAULT_TAGS", "Identity", "differences", "same_elements", "scan"]

DEFAULT_TAGS: Mapping[int, str] = {
    0x00080005: "specific_character_set",
    0x00080008: "image_type",
    0x00080012: "instance_creation_date",
    0x00080013: "instance_creation_time",
    0x00080016: "sop_class_uid",
    0x00080018: "sop_instance_uid",
    0x00080020: "study_date",
    0x00080021: "series_date",
    0x00080030: "study_time",
    0x00080050: "accession_number",
    0x00080060: "modality",
    0x00080070: "manufacturer",
    0x00080080: "institution_name",
    0x00081010: "station_name",
    0x00081030: "study_description",
    0x0008103E: "series_description",
    0x00081090: "manufacturer_model_name",
    0x00100010: "patient_name",
    0x00100020: "patient_id",
    0x00100021: "issuer_of_patient_id",
    0x00100030: "birth_date",
    0x00100040: "sex",
    0x00181020: "software_versions",
    0x0020000D: "study_instance_uid",
    0x0020000E: "series_instance_uid",
    0x00200011: "series_number",
    0x00200013: "instance_number",
    0x00200052: "frame_of_reference_uid",
}
"""Tag -> field of `Identity`."""

HEADER_LIMIT = 64 * 1024**2
MAX_HEADER_ELEMENTS = 200_000
MAX_VALUE = 16_384
_FIRST_READ = 65_536
_TEXT = frozenset(
    (
        *("patient_name", "patient_id", "issuer_of_patient_id", "accession_number"),
        *("study_description", "series_description", "institution_name", "station_name"),
        *("manufacturer", "manufacturer_model_name", "software_versions"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The identifying header values of one object, as text with padding trimmed.

    A value that is absent or empty is "". Dates and times stay as written (DA, TM); multiple
    values keep their backslash. `charset_guessed`: some text did not fit the declared
    character set. `odd`: fields whose value was too long or not text, left empty.
    """

    transfer_syntax_uid: str
    specific_character_set: str = ""
    image_type: str = ""
    instance_creation_date: str = ""
    instance_creation_time: str = ""
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    study_date: str = ""
    series_date: str = ""
    study_time: str = ""
    accession_number: str = ""
    modality: str = ""
    manufacturer: str = ""
    institution_name: str = ""
    station_name: str = ""
    study_description: str = ""
    series_description: str = ""
    manufacturer_model_name: str = ""
    patient_name: str = ""
    patient_id: str = ""
    issuer_of_patient_id: str = ""
    birth_date: str = ""
    sex: str = ""
    software_versions: str = ""
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    series_number: str = ""
    instance_number: str = ""
    frame_of_reference_uid: str = ""
    charset_guessed: bool = False
    odd: tuple[str, ...] = ()


def scan(
    source: bytes | memoryview | BinaryIO,
    transfer_syntax_uid: str,
    *,
    wanted: Mapping[int, str] = DEFAULT_TAGS,
    limit: int = HEADER_LIMIT,
    fallback: str = text.FALLBACK,
    whole: bool = False,
) -> Identity:
    """Read the identity of an encoded data set.

    Args:
        source: data-set bytes without preamble and meta header, or a stream of them.
        transfer_syntax_uid: how they are encoded.
        wanted: tags to read, each with its field of `Identity`.
        limit: most header bytes that are read (after inflating).
        fallback: codec for text that its declared character set cannot explain.
        whole: go on to the last top-level element of bytes that are not deflated: every length
            must fit, tags must rise, and the data end where the last element does.

    Raises a DicomError (DicomTruncated, DicomMalformed, DicomTooDeep, DicomTooMany,
    DicomTooLong) where the bytes before the last wanted element cannot be walked. Odd
    values never raise. Source: DICOM PS3.5, section 7.
    """
    encoding = encoding_of(transfer_syntax_uid)
    if not encoding.deflated and not hasattr(source, "read"):
        found = _walk(source, encoding, wanted, whole=whole)
    else:
        found = _from_stream(source, encoding, wanted, limit)
    return _identity(found, transfer_syntax_uid.strip(" \0"), fallback)


def _from_stream(
    source: bytes | memoryview | BinaryIO, encoding: Encoding, wanted: Mapping[int, str], limit: int
) -> dict[str, bytes]:
    """Walk a growing prefix: most headers fit the first read, and doubling bounds the rest."""
    supply = _Supply(source, encoding.deflated)
    size = min(_FIRST_READ, limit)
    while True:
        head = supply.upto(size)
        try:
            return _walk(head, encoding, wanted)
        except DicomTruncated:
            if supply.ended:
                raise
            if size >= limit:
                raise DicomTooLong(f"The header is longer than {limit} bytes.") from None
        size = min(size * 4, limit)


class _Supply:
    """The first n bytes of a source, inflated where needed, never more than asked for."""

    def __init__(self, source: bytes | memoryview | BinaryIO, deflated: bool) -> None:
        self._stream = None if isinstance(source, (bytes, bytearray, memoryview)) else source
        self._rest = b"" if self._stream else bytes(source)  # type: ignore[arg-type]
        self._engine = zlib.decompressobj(-zlib.MAX_WBITS) if deflated else None
        self._have = bytearray()
        self.ended = False

    def upto(self, size: int) -> bytes:
        while len(self._have) < size and not self.ended:
            self._more(size - len(self._have))
        return bytes(self._have)

    def _more(self, count: int) -> None:
        if not self._rest and self._stream is not None:
            self._rest = self._stream.read(min(count, 1 << 20) if self._engine is None else _FIRST_READ)
        if not self._rest and (self._engine is None or not self._engine.unconsumed_tail):
            self.ended = True
            return
        if self._engine is None:
            taken, self._rest = self._rest[:count], self._rest[count:]
            self._have += taken
            return
        try:
            self._have += self._engine.decompress(self._rest, count)
        except zlib.error as exc:
            raise DicomMalformed("The data set is said to be deflated and is not.") from exc
        self._rest = self._engine.unconsumed_tail
        self.ended = self._engine.eof


def _walk(
    data: bytes | memoryview, encoding: Encoding, wanted: Mapping[int, str], *, whole: bool = False
) -> dict[str, bytes]:
    """Values of wanted top-level elements. The hot loop of registration: no helper calls."""
    order = "<" if encoding.little else ">"
    explicit = encoding.explicit
    head = struct.Struct(order + ("HH2sH" if explicit else "HHL")).unpack_from
    long_at = struct.Struct(order + "L").unpack_from
    last, end, position, seen = 0xFFFFFFFF if whole else max(wanted), len(data), 0, 0
    before = -1
    found: dict[str, bytes] = {}
    vr, length = b"", 0
    while position < end:
        if position + 8 > end:
            raise DicomTruncated(f"The last {end - position} bytes are not an element.")
        if explicit:
            group, number, vr, length = head(data, position)
        else:
            group, number, length = head(data, position)
        tag = group << 16 | number
        if tag > last:
            break
        if whole and (tag <= before or group == 0xFFFE):
            raise DicomMalformed(f"({group:04X},{number:04X}) is out of order.")
        before = tag
        start = position + 8
        if explicit and vr not in SHORT_VRS:
            _check_long(vr, position, end)
            length, start = long_at(data, position + 8)[0], position + 12
        seen += 1
        if seen > MAX_HEADER_ELEMENTS:
            raise DicomTooMany(f"More than {MAX_HEADER_ELEMENTS} elements before the image.")
        if length == UNDEFINED:
            position = Walker(data, encoding).read(position, end, encoding, 0).after
            continue
        position = start + length
        if position > end:
            raise DicomTruncated(f"({group:04X},{number:04X}) says {length} bytes, {end - start} are left.")
        name = wanted.get(tag)
        if name is not None and name not in found:
            found[name] = bytes(data[start : min(position, start + MAX_VALUE + 1)])
    return found


def _check_long(vr: bytes, position: int, end: int) -> None:
    if not (vr.isalpha() and vr.isupper()):
        raise DicomMalformed("An element of an explicit VR data set has no value representation.")
    if position + 12 > end:
        raise DicomTruncated("The data stop inside the head of an element.")


def _identity(found: dict[str, bytes], syntax: str, fallback: str) -> Identity:
    charset = text.character_set(found.get("specific_character_set", b""))
    values: dict[str, str] = {}
    odd: list[str] = []
    guessed = False
    for name, raw in found.items():
        if len(raw) > MAX_VALUE:
            odd.append(name)
        elif raw.isascii() and b"\x1b" not in raw:
            values[name] = raw.decode("ascii").strip(" \0")
        elif name in _TEXT:
            values[name], doubtful = text.decode(raw, charset, fallback)
            guessed = guessed or doubtful
        else:
            odd.append(name)
    return Identity(transfer_syntax_uid=syntax, charset_guessed=guessed, odd=tuple(odd), **values)
