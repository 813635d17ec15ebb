"""`planbank.dose.dvh` as a researcher calls it: any source, clear errors, no Django (R71 to R75)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless, generate_uid

from planbank.dicom import uids
from planbank.dose import Results, dvh
from planbank.errors import DicomError, ExpressionError, MetricError
from tests.dose import phantoms

ROOT = Path(__file__).resolve().parents[2]
HEIGHTS = np.arange(-12, 13, 3.0)
BODIES = {
    "Heart": [phantoms.circle(12, z) for z in HEIGHTS],
    "Lung_L": [phantoms.circle(10, z, (25, 0)) for z in HEIGHTS],
    "Lung_R": [phantoms.circle(10, z, (-25, 0)) for z in HEIGHTS],
    "GTV": [phantoms.circle(4, z, (25, 0)) for z in HEIGHTS],
    "none": [],
}


def saved(ds: Dataset, path: Path, syntax: str = ImplicitVRLittleEndian) -> Path:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.save_as(path, enforce_file_format=True)
    return path


def plan(gy: float = 30.0) -> Dataset:
    ds, target = Dataset(), Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = uids.RT_PLAN, generate_uid(), "RTPLAN"
    target.DoseReferenceNumber, target.DoseReferenceStructureType = 1, "SITE"
    target.DoseReferenceType, target.TargetPrescriptionDose = "TARGET", str(gy)
    ds.DoseReferenceSequence = [target]
    return ds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    interpreted = {"GTV": "GTV"}
    saved(phantoms.make_structure_set(BODIES, interpreted=interpreted), tmp_path / "RS.dcm")
    form = {"extent": (90, 60, 60)}
    saved(phantoms.make_dose(phantoms.linear((0.5, 0, 0)), **form), tmp_path / "RD.dcm")
    boost = phantoms.make_dose(phantoms.linear((0, 0, 0), 10.0), extent=(99, 70, 65), spacing=(3, 2.5, 4))
    saved(boost, tmp_path / "RD_boost.dcm")
    saved(plan(), tmp_path / "RP.dcm")
    return tmp_path


def test_paths_bytes_data_sets_and_opened_objects_are_the_same(folder: Path) -> None:
    paths = [str(folder / name) for name in ("RS.dcm", "RD.dcm", "RP.dcm")]
    truth = dvh(*paths).rows("D95%", "V50%")
    assert dvh(*(Path(path) for path in paths)).rows("D95%", "V50%") == truth
    assert dvh(*(Path(path).read_bytes() for path in paths)).rows("D95%", "V50%") == truth
    assert dvh(*(pydicom.dcmread(path) for path in paths)).rows("D95%", "V50%") == truth
    assert truth[0]["mean_gy"] == pytest.approx(30, abs=1e-3)


def test_data_sets_keep_their_encoding(folder: Path) -> None:
    """An explicit structure set with contours beyond 64 kB, a compressed dose, no file meta."""
    long = phantoms.make_structure_set({"Heart": [phantoms.circle(12, z, points=3000) for z in HEIGHTS]})
    long.file_meta = FileMetaDataset()
    long.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    packed = phantoms.make_dose(phantoms.linear((0.5, 0, 0)), bits=16, scaling=0.001)
    packed.file_meta = FileMetaDataset()
    packed.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    packed.compress(RLELossless, generate_instance_uid=False)
    bare = phantoms.make_dose(phantoms.linear((0.5, 0, 0)))
    found = [dvh(long, dose)["Heart"].mean_gy for dose in (packed, bare)]
    assert found == pytest.approx([30, 30], abs=0.01)


def test_by_name_by_number_by_place(folder: Path) -> None:
    results = dvh(folder / "RS.dcm", folder / "RD.dcm", rois=["Lung_L", 1])
    assert [one.name for one in results] == ["Heart", "Lung_L"]
    assert results["Lung_L"] is results.roi(2) is results[1]
    assert isinstance(results[:1], Results)
    for wrong in ("Lungs", 9):
        with pytest.raises(KeyError, match="Lung_L"):
            results.roi(wrong)
        with pytest.raises(KeyError, match="Lung_L"):
            dvh(folder / "RS.dcm", folder / "RD.dcm", rois=[wrong])
    with pytest.raises(KeyError, match="must be a list"):
        dvh(folder / "RS.dcm", folder / "RD.dcm", rois="Heart")


def test_curves_and_metrics_agree(folder: Path) -> None:
    heart = dvh(folder / "RS.dcm", folder / "RD.dcm", folder / "RP.dcm")["Heart"]
    assert heart.dose_gy.shape == heart.curve_cc.shape == heart.curve_percent.shape
    assert heart.curve_percent[0] == pytest.approx(100)
    values = heart.metrics("Dmean", "V30Gy[cc], D50%", "V100%")
    assert list(values) == ["Dmean", "V30Gy[cc]", "D50%", "V100%"]
    assert values["V30Gy[cc]"] == pytest.approx(heart.volume_cc / 2, rel=1e-3)
    assert values["V100%"] == pytest.approx(50, abs=0.1)
    at = {row["dose_gy"]: row for row in dvh(folder / "RS.dcm", folder / "RD.dcm").curves(0.5)}
    assert at[30.0]["volume_percent"] >= 0
    with pytest.raises(MetricError):
        heart.metrics("D95")
    with pytest.raises(ValueError, match="above 0"):
        dvh(folder / "RS.dcm", folder / "RD.dcm").curves(0)


def test_what_cannot_be_had_is_there_with_its_reason(folder: Path) -> None:
    results = dvh(folder / "RS.dcm", folder / "RD.dcm")
    assert results["none"].metrics("D95%") == {"D95%": None}
    assert results["none"].flags == {
        "empty": "The ROI holds no closed contour; there is nothing to calculate."
    }
    assert results["Heart"].metric("V95%").reason == "no-prescription"
    assert not [row for row in results.curves() if row["name"] == "none"]


def test_a_prescription_given_stands_over_the_plans(folder: Path) -> None:
    asked = (folder / "RS.dcm", folder / "RD.dcm", folder / "RP.dcm")
    assert dvh(*asked, prescription=15)["Heart"].metrics("V100%")["V100%"] == pytest.approx(100)
    several = dvh(*asked, prescription={"PTV 60": 60, "PTV 30": 30})["Heart"]
    assert several.metrics("V100%[PTV 30]")["V100%[PTV 30]"] == pytest.approx(50, abs=0.1)


def test_doses_are_added_on_unequal_grids(folder: Path) -> None:
    both = dvh(folder / "RS.dcm", [folder / "RD.dcm", folder / "RD_boost.dcm"])["Heart"]
    assert both.mean_gy == pytest.approx(40, abs=1e-3)
    assert len(both.dvh.dose_uids) == 2


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"DoseType": "EFFECTIVE"}, "never added"),
        ({"DoseType": "ERROR"}, "dose error"),
        ({"DoseUnits": "RELATIVE"}, "relative"),
        ({"DoseUnits": "FURLONG"}, "FURLONG"),
        ({"FrameOfReferenceUID": "1.9"}, "frames of reference"),
    ],
)
def test_doses_that_do_not_belong_together_are_refused(
    folder: Path, changes: dict[str, str], says: str
) -> None:
    other = phantoms.make_dose(phantoms.linear((0, 0, 0)), **changes)
    with pytest.raises(DicomError, match=says):
        dvh(folder / "RS.dcm", [folder / "RD.dcm", other])


@pytest.mark.parametrize(("scaling", "top"), [(1e-6, 1.0), (1e-4, 100.0)])
def test_a_relative_dose_takes_the_prescription(folder: Path, scaling: float, top: float) -> None:
    relative = phantoms.make_dose(
        phantoms.linear((0, 0, 0), top), extent=(90, 60, 60), DoseUnits="RELATIVE", scaling=scaling
    )
    results = dvh(folder / "RS.dcm", relative, folder / "RP.dcm")
    assert results["Heart"].mean_gy == pytest.approx(30, rel=1e-4)
    assert "relative" in results.notes[0]


def test_a_dose_far_from_its_prescription_is_noted(folder: Path) -> None:
    tiny = phantoms.make_dose(phantoms.linear((0, 0, 0), 2.0), extent=(90, 60, 60))
    assert dvh(folder / "RS.dcm", tiny, folder / "RP.dcm").notes


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [("RD.dcm", "RD.dcm", "RTDOSE; wanted: RTSTRUCT"), ("RS.dcm", "RS.dcm", "RTSTRUCT; wanted: RTDOSE")],
)
def test_objects_in_the_wrong_place_are_told(folder: Path, first: str, second: str, says: str) -> None:
    with pytest.raises(DicomError, match=says):
        dvh(folder / first, folder / second)


def test_files_that_are_not_there_or_no_dicom(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        dvh(folder / "absent.dcm", folder / "RD.dcm")
    with pytest.raises(DicomError):
        dvh(b"no DICOM", folder / "RD.dcm")
    with pytest.raises(DicomError, match="no dose"):
        dvh(folder / "RS.dcm", [])


def test_derived_structures_come_last_and_answer_like_any_other(folder: Path) -> None:
    asked: dict[str, Any] = {"rois": ["Heart"]}
    results = dvh(
        folder / "RS.dcm",
        folder / "RD.dcm",
        derive=["Lungs = Lung_L + Lung_R", "Healthy = Lungs - GTV", "Ipsi = ipsi(Lung)"],
        **asked,
    )
    assert [one.name for one in results] == ["Heart", "Lungs", "Healthy", "Ipsi"]
    assert results["Healthy"].volume_cc == pytest.approx(np.pi * (200 - 16) * 27 / 1000, rel=1e-5)
    assert results["Ipsi"].mean_gy == pytest.approx(42.5, abs=0.01), "the left one, where the GTV lies"
    assert results["Ipsi"].row("Dmean")["expression"] == "ipsi(Lung)"
    with pytest.raises(ExpressionError, match="Lung_L"):
        dvh(folder / "RS.dcm", folder / "RD.dcm", derive="Lungs = Lung + Lung_R")


def test_the_how_to_runs_without_django_and_settings(folder: Path) -> None:
    """Every block of the page, one after the other, as a reader would."""
    page = (ROOT / "docs" / "how-to" / "dvh-in-a-notebook.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) >= 6
    program = "\n".join(
        [
            *blocks,
            "import sys",
            "loaded = {name.split('.')[0] for name in sys.modules}",
            "assert not loaded & {'django', 'psycopg', 'procrastinate', 'pandas'}, loaded",
        ]
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PLANBANK")}
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert "Heart" in run.stdout
