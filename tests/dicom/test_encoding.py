"""Transfer syntaxes, Part 10 files and bare data sets."""

from __future__ import annotations

import zlib
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset

from planbank.dicom import encoding
from planbank.errors import DicomMalformed, DicomTooLong, DicomTruncated
from tests.dicom import sets


def part10(syntax: str = encoding.EXPLICIT_LITTLE) -> bytes:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.PatientID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3", "1"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    buffer = pydicom.filebase.DicomBytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "syntax", [encoding.IMPLICIT_LITTLE, encoding.EXPLICIT_LITTLE, encoding.DEFLATED_LITTLE]
)
def test_a_file_is_syntax_and_data_set(syntax: str) -> None:
    found, data = encoding.split_part10(part10(syntax))
    assert found == syntax
    plain, how = encoding.plain_data_set(data, found)
    assert bytes(plain).startswith(b"\x08\x00\x16\x00")
    assert how.explicit == (syntax != encoding.IMPLICIT_LITTLE)


def test_files_without_preamble_are_told_by_their_first_bytes(shared_data: Path) -> None:
    whole = part10()
    assert encoding.split_file(whole)[0] == encoding.EXPLICIT_LITTLE
    assert encoding.split_file(whole[132:])[0] == encoding.EXPLICIT_LITTLE
    bare = bytes(encoding.split_part10(whole)[1])
    assert encoding.split_file(bare)[0] == encoding.EXPLICIT_LITTLE
    assert encoding.split_file(b"\x00\x08\x00\x16UI")[0] == encoding.EXPLICIT_BIG
    monaco = (shared_data / "plans/monaco-vmat-rtplan.dcm").read_bytes()
    assert encoding.split_file(monaco)[0] == encoding.IMPLICIT_LITTLE


@pytest.mark.parametrize("data", [b"", b"PNG....", bytes(200), part10()[:140]])
def test_what_is_no_dicom_is_refused(data: bytes) -> None:
    with pytest.raises((DicomMalformed, DicomTruncated)):
        encoding.split_file(data)


def test_inflating_has_a_limit() -> None:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    bomb = engine.compress(bytes(10_000_000)) + engine.flush()
    assert len(encoding.inflate(bomb)) == 10_000_000
    with pytest.raises(DicomTooLong):
        encoding.inflate(bomb, limit=1_000_000)
    with pytest.raises(DicomTruncated):
        encoding.inflate(bomb[:-20])
    with pytest.raises(DicomMalformed):
        encoding.inflate(b"\xff\xff\xff")


def test_unknown_syntaxes_are_explicit_and_encapsulated() -> None:
    assert encoding.encoding_of("1.2.840.10008.1.2.4.201").encapsulated
    assert encoding.encoding_of("1.3.6.1.4.1.9.9").explicit
    assert encoding.encoding_of(encoding.EXPLICIT_BIG + "\0").little is False


def test_sets_helper_reads_one_member(shared_data: Path) -> None:
    data, syntax = sets.one(shared_data / "alderson-pelvis-vmat-raystation.tar.xz", "/RP1.")
    assert syntax == encoding.IMPLICIT_LITTLE
    assert len(data) > 100_000
