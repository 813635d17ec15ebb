"""DICOM files written without a parser are what pydicom and the Standard take them for."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.archive.part10 import (
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    content_hash,
    preamble_and_meta,
    split,
)
from planbank.errors import DicomError

if TYPE_CHECKING:
    from pathlib import Path

RT_PLAN, EXPLICIT = "1.2.840.10008.5.1.4.1.1.481.5", "1.2.840.10008.1.2.1"
UIDS = st.from_regex(r"[0-2]([.](0|[1-9][0-9]{0,6})){1,7}", fullmatch=True)
MALFORMED = st.from_regex(r"[0-9.]{1,64}", fullmatch=True)
SYNTAXES = st.sampled_from(["1.2.840.10008.1.2", EXPLICIT, "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5"])


@given(UIDS, UIDS, SYNTAXES)
def test_pydicom_reads_what_was_written(sop_class: str, sop_instance: str, syntax: str) -> None:
    written = preamble_and_meta(sop_class, sop_instance, syntax)
    assert written[:128] == bytes(128)
    assert written == preamble_and_meta(sop_class, sop_instance, syntax)
    meta = pydicom.dcmread(io.BytesIO(written)).file_meta
    assert meta.MediaStorageSOPClassUID == sop_class
    assert meta.MediaStorageSOPInstanceUID == sop_instance
    assert meta.TransferSyntaxUID == syntax
    assert meta.ImplementationClassUID == IMPLEMENTATION_CLASS_UID
    assert meta.ImplementationVersionName == IMPLEMENTATION_VERSION_NAME
    assert meta.FileMetaInformationVersion == b"\0\1"
    assert meta.FileMetaInformationGroupLength == len(written) - 144


@given(MALFORMED, MALFORMED, MALFORMED)
def test_malformed_but_harmless_uids_are_written_as_they_are(
    sop_class: str, sop_instance: str, syntax: str
) -> None:
    written = preamble_and_meta(sop_class, sop_instance, syntax)
    assert len(written) % 2 == 0
    assert split(io.BytesIO(written + b"data set")) == (syntax, len(written))
    assert sop_class.encode() in written
    assert sop_instance.encode() in written


def test_byte_by_byte() -> None:
    """PS3.10 section 7.1, written out by hand once."""
    tail = b"\x02\x00\x13\x00SH\x08\x00PLANBANK"
    implementation = IMPLEMENTATION_CLASS_UID.encode()
    implementation += b"\0" * (len(implementation) % 2)
    elements = (
        b"\x02\x00\x01\x00OB\x00\x00\x02\x00\x00\x00\x00\x01"
        b"\x02\x00\x02\x00UI\x04\x001.2\x00"
        b"\x02\x00\x03\x00UI\x04\x001.23"
        b"\x02\x00\x10\x00UI\x14\x001.2.840.10008.1.2.1\x00"
        b"\x02\x00\x12\x00UI" + len(implementation).to_bytes(2, "little") + implementation + tail
    )
    expected = bytes(128) + b"DICM\x02\x00\x00\x00UL\x04\x00" + len(elements).to_bytes(4, "little") + elements
    assert preamble_and_meta("1.2", "1.23", EXPLICIT) == expected


def test_the_implementation_is_named_as_the_standard_wants() -> None:
    assert pydicom.uid.UID(IMPLEMENTATION_CLASS_UID).is_valid
    assert len(IMPLEMENTATION_CLASS_UID) <= 64
    assert len(IMPLEMENTATION_VERSION_NAME) <= 16


def test_a_whole_object(tmp_path: Path) -> None:
    ds = pydicom.Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.RTPlanLabel = RT_PLAN, "1.2.3", "Initial"
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, ds, implicit_vr=False, little_endian=True)
    file = tmp_path / "object"
    file.write_bytes(preamble_and_meta(RT_PLAN, "1.2.3", EXPLICIT) + buffer.getvalue())
    read = pydicom.dcmread(file)
    assert read.RTPlanLabel == "Initial"
    assert read.file_meta.TransferSyntaxUID == EXPLICIT
    with file.open("rb") as stream:
        assert (
            content_hash(stream) == hashlib.sha256(EXPLICIT.encode() + b"\n" + buffer.getvalue()).hexdigest()
        )


def test_files_of_other_writers() -> None:
    """Other File Meta Information, the same transfer syntax and data set: the same content hash."""
    ds = pydicom.Dataset()
    ds.PatientName = "A"
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = RT_PLAN
    ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    ds.file_meta.TransferSyntaxUID = EXPLICIT
    ds.file_meta.SourceApplicationEntityTitle = "TPS"
    ds.file_meta.PrivateInformationCreatorUID = "1.2.3.4"
    ds.file_meta.PrivateInformation = bytes(70_000)
    theirs = io.BytesIO()
    ds.preamble = b"II*\0" + bytes(124)
    pydicom.dcmwrite(theirs, ds, enforce_file_format=True)
    syntax, offset = split(theirs)
    assert syntax == EXPLICIT
    data_set = theirs.getvalue()[offset:]
    assert theirs.tell() == offset
    ours = io.BytesIO(preamble_and_meta(RT_PLAN, "1.2.3", EXPLICIT) + data_set)
    assert content_hash(ours) == content_hash(theirs)


def test_real_files(shared_data: Path) -> None:
    """One file of each folder: other writers' File Meta Information, many transfer syntaxes."""
    folders: dict[Path, Path] = {}
    for file in sorted(shared_data.rglob("*.dcm")):
        with file.open("rb") as stream:
            if stream.read(132)[128:] == b"DICM":
                folders.setdefault(file.parent, file)
    assert folders
    for file in folders.values():
        meta = pydicom.filereader.read_file_meta_info(file)
        with file.open("rb") as stream:
            syntax, offset = split(stream)
            assert syntax == meta.TransferSyntaxUID
            assert offset == 144 + meta.FileMetaInformationGroupLength
            data_set = file.read_bytes()[offset:]
            assert content_hash(stream) == hashlib.sha256(syntax.encode() + b"\n" + data_set).hexdigest()


@pytest.mark.parametrize(
    "uid", ["", "1.2.3\n", "1.2\x00", "../x", "1" * 65, "1.2\\3", "1.2.a", "1.2 ", "\u0661.2"]
)
def test_uids_that_are_none(uid: str) -> None:
    for position in range(3):
        uids = ["1.2.3"] * 3
        uids[position] = uid
        with pytest.raises(DicomError):
            preamble_and_meta(*uids)


WHOLE = preamble_and_meta(RT_PLAN, "1.2.3", EXPLICIT)


def test_cut_anywhere() -> None:
    for size in range(len(WHOLE)):
        with pytest.raises(DicomError):
            split(io.BytesIO(WHOLE[:size]))


@given(st.binary(max_size=200))
def test_any_bytes_in_the_meta(junk: bytes) -> None:
    stream = io.BytesIO(WHOLE[:140] + len(junk).to_bytes(4, "little") + junk)
    try:
        syntax, offset = split(stream)
    except DicomError:
        return
    assert isinstance(syntax, str)
    assert offset == 144 + len(junk)


def test_a_claim_of_four_gigabytes() -> None:
    class Counted(io.BytesIO):
        most = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.most = max(self.most, size or 0)
            return super().read(size)

    stream = Counted(WHOLE[:140] + b"\xff\xff\xff\xff" + WHOLE[144:])
    with pytest.raises(DicomError):
        split(stream)
    assert stream.most < 2**20


def test_a_file_without_a_transfer_syntax() -> None:
    elements = b"\x02\x00\x02\x00UI\x04\x001.2\x00"
    with pytest.raises(DicomError, match="transfer syntax"):
        split(io.BytesIO(WHOLE[:140] + len(elements).to_bytes(4, "little") + elements))
