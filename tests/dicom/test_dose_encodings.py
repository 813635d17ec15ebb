"""RT doses in every encoding that comes: the same numbers whatever they are wrapped in (R75, dose.md, 9).

Encoded by others where others can: DCMTK for JPEG lossless, JPEG-LS, RLE and deflated, OpenJPEG for
JPEG 2000.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless

from planbank.dicom import pixels
from planbank.dicom.dose_grid import DoseGrid, read_dose, read_dose_info
from planbank.dicom.encoding import (
    DEFLATED_LITTLE,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    split_file,
)
from planbank.errors import DicomMalformed, DicomUnsupported
from tests.dose import phantoms

DOSE_AT = phantoms.linear((0.4, 0.3, 0.2))
FORM = {"extent": (20, 24, 30), "spacing": (2, 3, 5)}
DCMTK = {
    "1.2.840.10008.1.2.4.57": ("dcmcjpeg", "+el"),
    "1.2.840.10008.1.2.4.70": ("dcmcjpeg", "+e1"),
    "1.2.840.10008.1.2.4.80": ("dcmcjpls", "+el"),
    "1.2.840.10008.1.2.5": ("dcmcrle",),
    DEFLATED_LITTLE: ("dcmconv", "+td"),
    EXPLICIT_BIG: ("dcmconv", "+tb"),
    IMPLICIT_LITTLE: ("dcmconv", "+ti"),
}


def plain(bits: int = 16, **form: Any) -> Dataset:
    ds = phantoms.make_dose(DOSE_AT, bits=bits, scaling={8: 0.25, 16: 0.002}[bits], **(FORM | form))
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds


def of_file(path: Path) -> DoseGrid:
    syntax, data = split_file(path.read_bytes())
    return read_dose(data, syntax)


@pytest.mark.parametrize("syntax", DCMTK)
@pytest.mark.parametrize("bits", [8, 16])
def test_what_dcmtk_encodes_is_read_to_the_same_values(bits: int, syntax: str, tmp_path: Path) -> None:
    ds = plain(bits)
    ds.save_as(tmp_path / "plain.dcm", enforce_file_format=True)
    tool, *options = DCMTK[syntax]
    subprocess.run(
        [tool, *options, tmp_path / "plain.dcm", tmp_path / "other.dcm"], check=True, capture_output=True
    )
    assert split_file((tmp_path / "other.dcm").read_bytes())[0] == syntax
    found = of_file(tmp_path / "other.dcm")
    np.testing.assert_array_equal(found.values, of_file(tmp_path / "plain.dcm").values)
    assert found.values.shape == (7, 9, 11)


@pytest.mark.parametrize("bits", [8, 16])
def test_jpeg_2000(bits: int, tmp_path: Path) -> None:
    ds = plain(bits, extent=(140, 150, 10))
    ds.save_as(tmp_path / "plain.dcm", enforce_file_format=True)
    ds.compress(JPEG2000Lossless, generate_instance_uid=False)
    ds.save_as(tmp_path / "j2k.dcm", enforce_file_format=True)
    np.testing.assert_array_equal(
        of_file(tmp_path / "j2k.dcm").values, of_file(tmp_path / "plain.dcm").values
    )


@pytest.mark.parametrize("name", ["rtdose", "rtdose_rle", "rtdose_expb"])
@pytest.mark.parametrize("frames", ["", "_1frame"])
def test_pydicoms_own_files(name: str, frames: str) -> None:
    """Their plan reference is a sequence in UN of defined length in the compressed ones (PS3.5, 6.2.2)."""
    found = of_file(Path(str(get_testdata_file(f"{name}{frames}.dcm"))))
    with pydicom.config.disable_value_validation():
        truth = pydicom.dcmread(str(get_testdata_file(f"rtdose{frames}.dcm")))
        values = truth.pixel_array.reshape(found.values.shape) * float(truth.DoseGridScaling)
        plan = truth.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID
    np.testing.assert_allclose(found.values, values, rtol=1e-6)
    assert found.info.plans[0].sop_instance_uid == plan


def test_signed_values_keep_their_sign() -> None:
    """Differences and errors of dose are signed (PS3.3, C.8.8.3.4.1)."""
    for bits in (16, 32):
        ds = phantoms.make_dose(
            DOSE_AT, bits=bits, scaling=0.01, PixelRepresentation=1, DoseType="ERROR", **FORM
        )
        ds.PixelData = (
            np.frombuffer(ds.PixelData, f"<u{bits // 8}").astype(f"<i{bits // 8}") - 3000
        ).tobytes()
        found = read_dose(phantoms.encode(ds), IMPLICIT_LITTLE)
        assert found.values.min() < 0 < found.values.max()
        straight = phantoms.opened_dose(DOSE_AT, **FORM).values - 30
        np.testing.assert_allclose(found.values, straight, atol=0.0051)


def test_a_lie_about_size_costs_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few compressed bytes that say 65535 x 65535 x 90000 are refused before anything is made of them."""
    ds = plain(16)
    ds.compress(RLELossless, generate_instance_uid=False)
    ds.Rows, ds.Columns, ds.NumberOfFrames = 65535, 65535, 90_000
    ds.GridFrameOffsetVector = None
    ds.SliceThickness = 1
    buffer = pydicom.filebase.DicomBytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    syntax, data = split_file(buffer.getvalue())
    with pytest.raises(DicomUnsupported, match="values"):
        read_dose(data, syntax)
    assert pixels.MOST_VALUES < 2**31


def test_what_breaks_in_the_decoder_is_said_and_only_the_values_are_lost() -> None:
    ds = plain(16)
    ds.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.70")
    ds.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8\xff\xff not a picture"] * int(ds.NumberOfFrames))
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    buffer = pydicom.filebase.DicomBytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    syntax, data = split_file(buffer.getvalue())
    assert read_dose_info(data, syntax).geometry is not None
    with pytest.raises(DicomUnsupported, match="compressed pixels cannot be read"):
        read_dose(data, syntax)


def test_fragments_in_a_plain_syntax_break_the_rules() -> None:
    ds = plain(16)
    ds.compress(RLELossless, generate_instance_uid=False)
    data = phantoms.encode(ds, EXPLICIT_LITTLE)
    with pytest.raises(DicomMalformed):
        read_dose(data, EXPLICIT_LITTLE)
