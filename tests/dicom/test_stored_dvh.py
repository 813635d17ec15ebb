"""DVHs that planning systems stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from planbank.dicom.encoding import IMPLICIT_LITTLE
from planbank.dicom.stored_dvh import stored_dvhs
from tests.dicom import sets
from tests.dose.phantoms import encode


def item(data: list[float], **more: Any) -> Dataset:
    roi, ds = Dataset(), Dataset()
    roi.DVHROIContributionType, roi.ReferencedROINumber = "INCLUDED", 3
    ds.DVHType, ds.DoseUnits, ds.DVHVolumeUnits, ds.DVHDoseScaling = "CUMULATIVE", "GY", "CM3", 1
    ds.DVHReferencedROISequence = [roi]
    ds.DVHData = data
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    return ds


def read(*items: Dataset) -> list[Any]:
    ds = Dataset()
    ds.SOPInstanceUID = "1.1"
    ds.DVHSequence = list(items)
    return stored_dvhs(encode(ds), IMPLICIT_LITTLE)


def test_bins_are_added_up_to_doses() -> None:
    (found,) = read(item([0.5, 10, 0.5, 8, 1, 4], DVHDoseScaling=2, DVHMeanDose=1.2))
    assert found.doses.tolist() == [0.0, 1.0, 2.0, 4.0]
    assert found.volumes.tolist() == [10, 8, 4, 0]
    assert (found.roi_numbers, found.mean, found.minimum) == ((3,), 1.2, None)


def test_differential_ones_become_cumulative() -> None:
    (found,) = read(item([1, 2, 1, 3, 1, 5], DVHType="DIFFERENTIAL"))
    assert found.volumes.tolist() == [10, 8, 5, 0]


@pytest.mark.parametrize("data", [[1.0, 2, 3], [1.0]])
def test_unreadable_ones_are_left_out(data: list[float]) -> None:
    assert read(item(data)) == []


def test_a_natural_histogram_is_left_out_and_what_relative_doses_refer_to_is_kept() -> None:
    assert read(item([1, 2, 1, 1], DVHType="NATURAL")) == []
    ds = Dataset()
    ds.SOPInstanceUID, ds.DVHNormalizationDoseValue = "1.1", 50
    ds.DVHSequence = [item([1, 2, 1, 1], DoseUnits="RELATIVE")]
    assert stored_dvhs(encode(ds), IMPLICIT_LITTLE)[0].normalisation == 50


def test_excluded_rois_are_not_meant() -> None:
    made = item([1, 2, 1, 1])
    made.DVHReferencedROISequence[0].DVHROIContributionType = "EXCLUDED"
    assert read(made)[0].roi_numbers == ()


def test_real_ones(shared_data: Path) -> None:
    found = stored_dvhs(*sets.one(shared_data / "breast-boost-dicompyler.tar.xz", "rtdose"))
    assert len(found) == 9
    assert {one.dose_units for one in found} == {"GY"}
