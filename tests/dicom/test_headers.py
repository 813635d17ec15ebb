"""Headers read from encoded bytes, checked against pydicom writing the same data sets."""

from __future__ import annotations

import io
import struct
import zlib

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filewriter import write_dataset

from planbank.dicom import encoding, headers
from planbank.errors import (
    DicomError,
    DicomMalformed,
    DicomTooDeep,
    DicomTooLong,
    DicomTooMany,
    DicomTruncated,
)

PLAIN = [encoding.IMPLICIT_LITTLE, encoding.EXPLICIT_LITTLE, encoding.EXPLICIT_BIG]
SYNTAXES = [*PLAIN, encoding.DEFLATED_LITTLE]


def encoded(ds: Dataset, syntax: str) -> bytes:
    buffer = pydicom.filebase.DicomBytesIO()
    buffer.is_little_endian = syntax != encoding.EXPLICIT_BIG
    buffer.is_implicit_VR = syntax == encoding.IMPLICIT_LITTLE
    write_dataset(buffer, ds)
    data = buffer.getvalue()
    if syntax == encoding.DEFLATED_LITTLE:
        engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        return engine.compress(data) + engine.flush()
    return data


def example() -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    ds.SOPInstanceUID = "1.2.3"
    ds.StudyDate = "20260101"
    ds.Modality = "CT"
    inner = Dataset()
    inner.PatientID = "inner"
    inner.SOPInstanceUID = "9.9.9"
    ds.ReferencedStudySequence = [inner, Dataset()]
    ds.PatientName = "Sørensen^Åse"
    ds.PatientID = "0101014321 "
    ds.StudyInstanceUID = "1.2.4"
    ds.SeriesInstanceUID = "1.2.5"
    ds.InstanceNumber = 7
    ds.FrameOfReferenceUID = "1.2.6"
    ds.Rows = 2
    ds.PixelData = b"\0" * 80_000
    ds["PixelData"].VR = "OW"
    return ds


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("as_stream", [False, True])
def test_reads_every_syntax(syntax: str, undefined: bool, as_stream: bool) -> None:
    ds = example()
    ds["ReferencedStudySequence"].is_undefined_length = undefined
    ds.ReferencedStudySequence[0].is_undefined_length_sequence_item = undefined
    data = encoded(ds, syntax)
    found = headers.scan(io.BytesIO(data) if as_stream else data, syntax)
    assert found.sop_instance_uid == "1.2.3"
    assert found.patient_id == "0101014321"
    assert found.patient_name == "Sørensen^Åse"
    assert found.image_type == "ORIGINAL\\PRIMARY\\AXIAL"
    assert found.instance_number == "7"
    assert found.frame_of_reference_uid == "1.2.6"
    assert found.transfer_syntax_uid == syntax
    assert found.accession_number == ""
    assert not found.charset_guessed


def test_a_stream_is_read_no_further_than_its_header() -> None:
    data = encoded(example(), encoding.EXPLICIT_LITTLE) + b"\0" * 1_000_000
    stream = io.BytesIO(data)
    headers.scan(stream, encoding.EXPLICIT_LITTLE)
    assert stream.tell() <= 65_536


@pytest.mark.parametrize("syntax", PLAIN)
def test_every_truncation_before_the_last_wanted_element_is_an_error(syntax: str) -> None:
    ds = example()
    del ds.PixelData
    del ds.Rows
    data = encoded(ds, syntax)
    whole = headers.scan(data, syntax)
    cut_between_elements = 0
    for length in range(1, len(data)):
        try:
            found = headers.scan(data[:length], syntax)
        except DicomTruncated:
            continue
        cut_between_elements += 1
        assert found != whole
    assert cut_between_elements < len(list(ds)) + 1


def test_length_beyond_the_end() -> None:
    with pytest.raises(DicomTruncated, match="says 4000 bytes"):
        headers.scan(struct.pack("<HHL", 8, 0x18, 4000) + b"1.2", encoding.IMPLICIT_LITTLE)


def test_nesting_has_a_limit() -> None:
    nest = struct.pack("<HHLHHL", 8, 0x1110, 0xFFFFFFFF, 0xFFFE, 0xE000, 0xFFFFFFFF)
    with pytest.raises(DicomTooDeep):
        headers.scan(nest * 100, encoding.IMPLICIT_LITTLE)


def test_floods_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planbank.dicom.elements.MAX_ELEMENTS", 1000)
    flood = struct.pack("<HHL", 8, 0x1110, 0xFFFFFFFF) + struct.pack("<HHL", 0xFFFE, 0xE000, 0) * 2000
    with pytest.raises(DicomTooMany):
        headers.scan(flood, encoding.IMPLICIT_LITTLE)


def test_a_deflate_bomb_is_read_no_further_than_its_header() -> None:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    private = struct.pack("<HH2sHL", 9, 0x1001, b"OB", 0, 200_000_000)
    bomb = engine.compress(private + b"\0" * 200_000_000) + engine.flush()
    with pytest.raises(DicomTooLong):
        headers.scan(bomb, encoding.DEFLATED_LITTLE, limit=1_000_000)


def test_not_deflated() -> None:
    with pytest.raises(DicomMalformed):
        headers.scan(b"\xff" * 100, encoding.DEFLATED_LITTLE)


@given(st.binary(max_size=200), st.sampled_from(SYNTAXES))
def test_noise_is_read_or_refused(data: bytes, syntax: str) -> None:
    try:
        found = headers.scan(data, syntax)
    except DicomError:
        return
    assert isinstance(found, headers.Identity)


def test_odd_values_do_not_raise() -> None:
    values = [
        (0x0008, 0x0005, b"NO SUCH SET "),
        (0x0008, 0x0020, b"\xff\xfe"),
        (0x0010, 0x0010, "Åse".encode()),
        (0x0010, 0x0020, "Bjørn ".encode("latin-1")),
        (0x0010, 0x0040, b"x" * 40_000),
    ]
    data = b"".join(struct.pack("<HHL", group, number, len(raw)) + raw for group, number, raw in values)
    found = headers.scan(data, encoding.IMPLICIT_LITTLE)
    assert found.patient_id == "Bjørn"
    assert found.patient_name == "Åse"
    assert found.charset_guessed
    assert set(found.odd) == {"study_date", "sex"}
    assert found.study_date == ""


def test_un_of_undefined_length_is_implicit_inside() -> None:
    inside = struct.pack("<HHL", 8, 0x18, 4) + b"9.9\0"
    item = struct.pack("<HHL", 0xFFFE, 0xE000, len(inside)) + inside
    un = (
        struct.pack("<HH2sHL", 8, 0x1140, b"UN", 0, 0xFFFFFFFF)
        + item
        + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
    )
    ds = Dataset()
    ds.PatientID = "after"
    found = headers.scan(un + encoded(ds, encoding.EXPLICIT_LITTLE), encoding.EXPLICIT_LITTLE)
    assert found.patient_id == "after"
    assert found.sop_instance_uid == ""
