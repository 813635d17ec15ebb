"""Re-exports and new versions, told apart by their elements."""

from __future__ import annotations

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.filewriter import write_dataset

from planbank.dicom import encoding
from planbank.dicom.compare import differences, same_elements

PLAIN = [encoding.IMPLICIT_LITTLE, encoding.EXPLICIT_LITTLE, encoding.EXPLICIT_BIG]


def example(charset: str = "ISO_IR 100") -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = charset
    ds.InstanceCreationDate = "20260101"
    ds.SOPInstanceUID = "1.2.3"
    ds.PatientName = "Sørensen^Åse"
    ds.Rows = 300
    ds.BitsAllocated = 16
    item = Dataset()
    item.ContourData = [1.5, -2, 3]
    item.ROIName = "Hjerte"
    ds.ContourSequence = [item, Dataset()]
    ds.add_new(0x30091001, "FD", [1.25, 2.5])
    ds.PixelData = bytes(range(40))
    ds["PixelData"].VR = "OW"
    return ds


def encoded(ds: Dataset, syntax: str, *, undefined: bool = False) -> bytes:
    ds["ContourSequence"].is_undefined_length = undefined
    for item in ds.ContourSequence:
        item.is_undefined_length_sequence_item = undefined
    buffer = pydicom.filebase.DicomBytesIO()
    buffer.is_little_endian = syntax != encoding.EXPLICIT_BIG
    buffer.is_implicit_VR = syntax == encoding.IMPLICIT_LITTLE
    # pydicom leaves raw OW bytes alone: a big endian writer must swap them itself
    if syntax == encoding.EXPLICIT_BIG:
        raw = bytearray(ds.PixelData)
        raw[0::2], raw[1::2] = raw[1::2], raw[0::2]
        ds.PixelData = bytes(raw)
        ds["PixelData"].VR = "OW"
    write_dataset(buffer, ds)
    return buffer.getvalue()


@pytest.mark.parametrize("syntax_a", PLAIN)
@pytest.mark.parametrize("syntax_b", PLAIN)
@pytest.mark.parametrize("undefined", [False, True])
def test_the_same_object_in_another_encoding(syntax_a: str, syntax_b: str, undefined: bool) -> None:
    other = example("ISO_IR 192")
    other.InstanceCreationDate = "20260202"
    other.InstanceCreationTime = "120000"
    first = encoded(example(), syntax_a)
    second = encoded(other, syntax_b, undefined=undefined)
    if {syntax_a, syntax_b} == {encoding.IMPLICIT_LITTLE, encoding.EXPLICIT_BIG}:
        # a private value without a VR cannot be swapped: not provably equal
        assert differences(first, syntax_a, second, syntax_b) in ([], ["changed: (3009,1001)"])
        return
    assert same_elements(first, syntax_a, second, syntax_b)
    assert differences(first, syntax_a, second, syntax_b) == []


def test_group_lengths_and_padding_do_not_count() -> None:
    syntax = encoding.EXPLICIT_LITTLE
    first = encoded(example(), syntax)
    group_length = b"\x08\x00\x00\x00UL\x04\x00\x99\x00\x00\x00"
    padding = b"\xfc\xff\xfc\xffOB\x00\x00\x04\x00\x00\x00\0\0\0\0"
    assert same_elements(first, syntax, group_length + first + padding, syntax)


def test_changes_are_told_by_name() -> None:
    syntax = encoding.IMPLICIT_LITTLE
    first = encoded(example(), syntax)
    changed = example()
    changed.ContourSequence[0].ContourData = [1.5, -2, 4]
    changed.PatientName = "Sørensen^Asta"
    changed.Columns = 3
    del changed.Rows
    second = encoded(changed, syntax)
    assert not same_elements(first, syntax, second, syntax)
    assert differences(first, syntax, second, syntax) == [
        "changed: PatientName",
        "removed: Rows",
        "added: Columns",
        "changed: ContourSequence",
    ]


def test_numbers_written_differently_are_equal() -> None:
    syntax = encoding.EXPLICIT_LITTLE
    first = encoded(example(), syntax)
    item = example()
    item.ContourSequence[0].ContourData = ["1.50", "-2.0", "3"]
    assert same_elements(first, syntax, encoded(item, syntax), syntax)


def test_compressed_pixels_are_compared_as_encoded_only_within_one_syntax() -> None:
    jpeg, rle = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.5"
    data = encoded(example(), encoding.EXPLICIT_LITTLE)
    again = data.replace(b"20260101", b"20260102")
    assert same_elements(data, jpeg, again, jpeg)
    assert not same_elements(data, jpeg, again, rle)
    assert not same_elements(data, jpeg, again, encoding.EXPLICIT_LITTLE)
