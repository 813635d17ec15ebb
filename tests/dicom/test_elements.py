"""The strict walker, against pydicom's own reading of the same bytes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from planbank.dicom.elements import Walker
from planbank.dicom.encoding import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT, IMPLICIT_LITTLE, encoding_of
from planbank.errors import DicomError, DicomMalformed, DicomTooDeep, DicomTruncated
from tests.dose.phantoms import encode

SYNTAXES = [IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG]


def nested(depth: int, undefined: bool) -> Dataset:
    ds = Dataset()
    ds.PatientID = f"level {depth}"
    if depth:
        inner = nested(depth - 1, undefined)
        inner.is_undefined_length_sequence_item = undefined
        ds.ReferencedSeriesSequence = [inner, Dataset()]
        ds["ReferencedSeriesSequence"].is_undefined_length = undefined
    ds.PixelData = b"1234"
    ds["PixelData"].VR = "OW"
    return ds


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("undefined", [False, True])
def test_walks_into_what_pydicom_writes(syntax: str, undefined: bool) -> None:
    data = encode(nested(5, undefined), syntax)
    walker = Walker(data, encoding_of(syntax))
    start, end, how, seen = 0, len(data), encoding_of(syntax), []
    for depth in range(6):
        found = {element.tag: element for element in walker.elements(start, end, encoding=how, depth=depth)}
        patient = found[0x00100020]
        seen.append(data[patient.start : patient.end].decode())
        assert data[found[0x7FE00010].start : found[0x7FE00010].end] == b"1234"
        if 0x00081115 in found:
            inner = found[0x00081115]
            how = inner.inner
            (start, end), empty = walker.items(inner, depth)
            assert empty[0] == empty[1]
    assert [text.strip() for text in seen] == [f"level {n}" for n in (5, 4, 3, 2, 1, 0)]


@pytest.mark.parametrize("undefined", [False, True])
def test_nesting_has_a_limit_where_it_has_to_be_walked(undefined: bool) -> None:
    data = encode(nested(70, undefined), IMPLICIT_LITTLE)
    walker = Walker(data, IMPLICIT)
    if undefined:
        with pytest.raises(DicomTooDeep):
            list(walker.elements())
    else:
        assert len(list(walker.elements())) == 3


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"\x08\x00\x18\x00\xff\x00\x00\x00", DicomTruncated),
        (b"\x08\x00", DicomTruncated),
        (struct.pack("<HHL", 0xFFFE, 0xE000, 0), DicomMalformed),
        (struct.pack("<HHL", 0xFFFE, 0xE00D, 0), DicomMalformed),
        (struct.pack("<HHLHHL", 8, 0x1115, 0xFFFFFFFF, 8, 0x18, 0), DicomMalformed),
        (struct.pack("<HHLHHL", 8, 0x1115, 0xFFFFFFFF, 0xFFFE, 0xE000, 99), DicomTruncated),
        (struct.pack("<HHL", 8, 0x1115, 0xFFFFFFFF), DicomTruncated),
    ],
)
def test_broken_rules_are_told(data: bytes, error: type[DicomError]) -> None:
    with pytest.raises(error):
        list(Walker(data, IMPLICIT).elements())


@given(st.binary(max_size=120), st.sampled_from(SYNTAXES))
def test_noise_ends_in_elements_or_an_error(data: bytes, syntax: str) -> None:
    walker = Walker(data, encoding_of(syntax))
    try:
        found = list(walker.elements())
    except DicomError:
        return
    assert sum(element.after for element in found[-1:]) == len(data)


def test_a_sequence_in_un_of_known_length_is_implicit_inside() -> None:
    """PS3.5, section 6.2.2, note 2: pydicom's converted RT doses hold such references."""
    inner = b"\x08\x00\x55\x11" + (4).to_bytes(4, "little") + b"1.2\0"
    item = b"\xfe\xff\x00\xe0" + len(inner).to_bytes(4, "little") + inner
    data = b"\x0c\x30\x02\x00UN\0\0" + len(item).to_bytes(4, "little") + item
    walker = Walker(data, encoding_of(EXPLICIT_LITTLE))
    (element,) = walker.elements()
    ((start, end),) = walker.items(element)
    (reference,) = walker.elements(start, end, encoding=element.inner)
    assert (reference.tag, data[reference.start : reference.end]) == (0x00081155, b"1.2\0")
