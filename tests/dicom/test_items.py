"""Attributes by keyword: whatever is odd is absent, never an exception (R16)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from planbank.dicom.encoding import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE
from planbank.dicom.items import read_items
from planbank.errors import DicomError
from tests.dose.phantoms import encode

SYNTAXES = [IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG]


def example() -> Dataset:
    ds, beam = Dataset(), Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.SOPInstanceUID = "1.2.3"
    ds.SoftwareVersions = ["13.1", "b"]
    ds.Rows = 300
    ds.ImagePositionPatient = [1.5, -2, 3e2]
    ds.RTPlanLabel = "Bryst ø"
    beam.BeamNumber, beam.BeamName = 4, "Åben"
    ds.BeamSequence = [beam]
    return ds


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_values_of_every_syntax(syntax: str) -> None:
    item = read_items(encode(example(), syntax), syntax)
    assert item.uid("SOPInstanceUID") == "1.2.3"
    assert item.texts("SoftwareVersions") == ("13.1", "b")
    assert item.integer("Rows") == 300
    assert item.numbers("ImagePositionPatient") == (1.5, -2.0, 300.0)
    assert item.text("RTPlanLabel") == "Bryst ø"
    (beam,) = item.items("BeamSequence")
    assert (beam.integer("BeamNumber"), beam.text("BeamName")) == (4, "Åben")
    assert item.odd == set()


def test_absent_and_empty_are_alike() -> None:
    ds = example()
    ds.RTPlanName = ""
    ds.FractionGroupSequence = []
    item = read_items(encode(ds), IMPLICIT_LITTLE)
    for keyword in ("RTPlanName", "RTPlanDescription"):
        assert item.text(keyword) == ""
        assert not item.has(keyword)
    assert item.number("BeamDose") is None
    assert item.items("FractionGroupSequence") == item.items("DoseReferenceSequence") == []
    assert item.first("DoseReferenceSequence") is None


@pytest.mark.parametrize("value", [b"abc ", b"1,5 ", b"nan ", b"1e999 ", b"1_0 ", b"\xff\xfe", b"1\\\\2 "])
def test_unreadable_numbers_are_none_and_noted(value: bytes) -> None:
    modality = b"\x08\x00\x60\x00\x02\x00\x00\x00CT"
    item = read_items(
        modality + b"\x18\x00\x50\x00" + len(value).to_bytes(4, "little") + value, IMPLICIT_LITTLE
    )
    assert item.number("SliceThickness") is None
    assert item.odd == {"SliceThickness"}


def test_a_whole_number_may_be_written_with_a_point() -> None:
    raw = b"\x28\x00\x08\x00\x04\x00\x00\x003.0 "
    assert read_items(raw, IMPLICIT_LITTLE).integer("NumberOfFrames") == 3
    item = read_items(raw.replace(b"3.0", b"3.5"), IMPLICIT_LITTLE)
    assert item.integer("NumberOfFrames") is None
    assert item.odd == {"NumberOfFrames"}


def test_an_unknown_keyword_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        read_items(encode(example()), IMPLICIT_LITTLE).text("NoSuchKeyword")


def test_an_empty_data_set_is_an_error() -> None:
    with pytest.raises(DicomError):
        read_items(b"", IMPLICIT_LITTLE)


@given(st.data())
def test_damaged_bytes_give_values_or_a_dicom_error(data: st.DataObject) -> None:
    damaged = bytearray(encode(example(), EXPLICIT_LITTLE))
    for place in data.draw(st.lists(st.integers(0, len(damaged) - 1), max_size=6)):
        damaged[place] = data.draw(st.integers(0, 255))
    try:
        item = read_items(bytes(damaged), EXPLICIT_LITTLE)
        read = [item.text("RTPlanLabel"), item.numbers("ImagePositionPatient"), item.integer("Rows")]
        read += [beam.text("BeamName") for beam in item.each("BeamSequence")]
    except DicomError:
        return
    assert len(read) >= 3
