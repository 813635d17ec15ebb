"""Images against structures, isocentres and dose: what lies beyond is told, what is usual is not (R29)."""

from __future__ import annotations

import pytest
from pydicom.dataset import FileDataset

from planbank.catalogue.models import Finding
from planbank.house import House
from tests.made import made
from tests.sending import deposit, register_sender
from tests.services.running import run_everything

CODES = {"structures-beyond-images", "isocentre-beyond-images", "dose-off-images"}


def told(house: House, objects: list[FileDataset]) -> dict[str, dict[str, float]]:
    """What is found of extents once all is in."""
    register_sender()
    for ds in objects:
        deposit(house, ds)
    run_everything(house)
    rows = Finding.objects.filter(closed_at=None, code__in=CODES)
    return {row.code: row.params for row in rows}


def of(objects: list[FileDataset], modality: str) -> FileDataset:
    return next(ds for ds in objects if ds.Modality == modality)


def heights(objects: list[FileDataset]) -> list[float]:
    return sorted(float(ds.ImagePositionPatient[2]) for ds in objects if ds.Modality == "CT")


@pytest.mark.parametrize("site", ["breast", "proton"])
def test_whole_plans_are_not_doubted(bank: House, site: str) -> None:
    assert told(bank, made(site)) == {}


def test_a_scan_that_was_cut_short_and_names_nothing(bank: House) -> None:
    """No reference says which images there were, so only the extent can tell."""
    objects = made("breast")
    structures, z = of(objects, "RTSTRUCT"), heights(objects)
    for roi in structures.ROIContourSequence:
        for contour in roi.get("ContourSequence", ()):
            contour.pop("ContourImageSequence", None)
    for frame in structures.ReferencedFrameOfReferenceSequence:
        frame.pop("RTReferencedStudySequence", None)
    kept = [ds for ds in objects if ds.Modality != "CT" or float(ds.ImagePositionPatient[2]) < z[-12]]
    found = told(bank, kept)
    assert found.keys() >= {"structures-beyond-images"}
    drawn = [c for roi in structures.ROIContourSequence for c in roi.get("ContourSequence", ())]
    highest = max(float(contour.ContourData[2]) for contour in drawn)
    assert found["structures-beyond-images"]["mm"] == pytest.approx(highest - z[-13], abs=0.1)


def test_a_plan_of_another_scan(bank: House) -> None:
    objects = made("breast")
    plan, dose, z = of(objects, "RTPLAN"), of(objects, "RTDOSE"), heights(objects)
    for beam in plan.BeamSequence:
        x, y, _z = beam.ControlPointSequence[0].IsocenterPosition
        beam.ControlPointSequence[0].IsocenterPosition = [x, y, z[-1] + 120]
    x, y, _z = dose.ImagePositionPatient
    dose.ImagePositionPatient = [x, y, z[-1] + 900]
    found = told(bank, objects)
    assert found["isocentre-beyond-images"] == {"mm": pytest.approx(120, abs=0.1)}
    assert found["dose-off-images"]["mm"] > 300


def test_a_slice_beyond_is_usual(bank: House) -> None:
    objects = made("breast")
    z = heights(objects)
    for beam in of(objects, "RTPLAN").BeamSequence:
        x, y, _z = beam.ControlPointSequence[0].IsocenterPosition
        beam.ControlPointSequence[0].IsocenterPosition = [x, y, z[-1] + (z[1] - z[0])]
    assert "isocentre-beyond-images" not in told(bank, objects)
