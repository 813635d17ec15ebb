"""Our DVHs beside those of planning systems, in every unit they come in (R82)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from planbank.dicom.dose_grid import read_dose
from planbank.dicom.encoding import IMPLICIT_LITTLE
from planbank.dicom.stored_dvh import StoredDvh, stored_dvhs
from planbank.dicom.structure_set import read_structure_set
from planbank.dose.comparison import QUANTITIES, TOLERANCES, compare, percent_of
from planbank.dose.engine import Dvh, dvh
from tests.dicom import sets
from tests.dose import phantoms

WIDTH = 0.1


def ours(count: int = 4, **dose: Any) -> list[Dvh]:
    """Cylinders at different doses in a gradient."""
    heights = np.arange(-12, 13, 3.0)
    rois = {f"roi {n}": [phantoms.circle(6, z, (14 * n - 20, 0)) for z in heights] for n in range(count)}
    made = phantoms.opened_dose(phantoms.linear((0.5, 0, 0), 30), extent=(90, 60, 60), **dose)
    return dvh(phantoms.opened_structure_set(rois), made)


def stored(found: Dvh, **changes: Any) -> Dataset:
    """What a planning system would store of it: bins of 0.1 Gy, in the form asked for."""
    relative, differential = changes.pop("relative_to", None), changes.pop("differential", False)
    per_cent = changes.pop("percent_of", None)
    volumes = found.curve[:: int(WIDTH / 0.01)]
    item, roi = Dataset(), Dataset()
    roi.DVHROIContributionType, roi.ReferencedROINumber = "INCLUDED", found.number
    item.DVHReferencedROISequence = [roi]
    item.DVHType, item.DoseUnits, item.DoseType, item.DVHVolumeUnits = "CUMULATIVE", "GY", "PHYSICAL", "CM3"
    scale = 100.0 / (relative or per_cent) if relative or per_cent else 1.0
    item.DVHDoseScaling = phantoms.text(scale)
    assert found.mean_gy is not None and found.max_gy is not None
    item.DVHMeanDose = phantoms.text(found.mean_gy * scale)
    item.DVHMaximumDose = phantoms.text(found.max_gy * scale)
    if relative:
        item.DoseUnits = "RELATIVE"
    if differential:
        item.DVHType, volumes = "DIFFERENTIAL", -np.diff(volumes, append=0.0)
    if changes.get("DVHVolumeUnits") == "PERCENT":
        volumes = 100 * volumes / found.volume_cc
    item.DVHData = [phantoms.text(v) for pair in volumes for v in (WIDTH, float(pair))]
    for keyword, value in changes.items():
        setattr(item, keyword, value)
    return item


def read(items: list[Dataset], normalisation: float | None = None) -> list[StoredDvh]:
    ds = Dataset()
    ds.SOPInstanceUID, ds.DVHSequence = "1.1", items
    if normalisation:
        ds.DVHNormalizationDoseValue = normalisation
    return stored_dvhs(phantoms.encode(ds), IMPLICIT_LITTLE)


FORMS: dict[str, dict[str, Any]] = {
    "cumulative": {},
    "differential": {"differential": True},
    "volumes in per cent": {"DVHVolumeUnits": "PERCENT"},
    "relative to a dose": {"relative_to": 40.0},
    "no mean and no maximum": {"DVHMeanDose": None, "DVHMaximumDose": None},
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_dvh_in_any_form_differs_by_nothing(form: str) -> None:
    mine = ours()
    kept = read([stored(one, **FORMS[form]) for one in mine], 40.0 if "relative_to" in FORMS[form] else None)
    found = compare(kept, mine, 40.0)
    assert [one.number for one in found.rois] == [1, 2, 3, 4]
    assert found.percent_of_gy is None
    for one in found.rois:
        assert one.beyond == ()
        for name in QUANTITIES:
            pair = one.pairs[name]
            if name == "volume" and form == "volumes in per cent":
                assert pair.difference is None, "per cent of a volume says nothing of the volume"
                continue
            bin_wide = form.startswith("no mean") and name == "max"
            assert pair.difference == pytest.approx(0, abs=0.11 if bin_wide else 0.06), (form, name)
        assert one.percent[0] == pytest.approx(100)
        assert one.doses[-1] == pytest.approx(mine[one.number - 1].max_gy, abs=0.3)


def test_values_labelled_gy_that_are_per_cent_are_read_as_what_they_are() -> None:
    mine = ours()
    found = compare(read([stored(one, percent_of=14.0) for one in mine]), mine, 40.0)
    assert found.percent_of_gy == 14.0
    assert all(one.beyond == () for one in found.rois)
    pair = found.rois[0].pairs["mean"]
    assert pair.theirs == pytest.approx(mine[0].mean_gy, abs=0.01)


def test_differences_beyond_tolerance_are_named_and_only_those() -> None:
    mine = ours()
    kept = [stored(one) for one in mine]
    assert mine[1].mean_gy is not None
    kept[1].DVHMeanDose = phantoms.text(mine[1].mean_gy + 1.01 * 0.4)
    kept[2].DVHMeanDose = phantoms.text((mine[2].mean_gy or 0) + 0.99 * 0.4)
    kept[3].DVHMaximumDose = phantoms.text((mine[3].max_gy or 0) - 1.3)
    found = compare(read(kept), mine, 40.0)
    assert [one.beyond for one in found.rois] == [(), ("mean",), (), ("max",)]
    assert TOLERANCES["mean"].percent == 1.0
    assert found.rois[3].pairs["max"].difference == pytest.approx(1.3, abs=1e-3)


def test_what_cannot_be_compared_is_left_out_with_a_reason() -> None:
    mine = ours()
    kept = [
        stored(mine[0], DVHVolumeUnits="PER_U"),
        stored(mine[1], relative_to=40.0),
        stored(mine[2], DoseType="EFFECTIVE"),
        stored(mine[3]),
    ]
    found = compare(read(kept), mine)
    assert list(found.left_out) == [1, 2, 3]
    assert all(why.endswith(".") for why in found.left_out.values())
    assert [one.number for one in found.rois] == [4]


def test_tissue_outside_the_grid_is_not_held_against_the_planning_system() -> None:
    heights = np.arange(-12, 13, 3.0)
    rois = phantoms.opened_structure_set({"a": [phantoms.circle(12, z) for z in heights]})
    inside = dvh(rois, phantoms.opened_dose(phantoms.linear((0.5, 0, 0))))
    cut = dvh(
        rois, phantoms.opened_dose(phantoms.linear((0.5, 0, 0)), extent=(40, 60, 60), centre=(20, 0, 0))
    )
    (found,) = compare(read([stored(inside[0])]), cut).rois
    assert found.pairs["mean"].difference is None
    assert found.pairs["d95"].difference is None
    assert found.pairs["volume"].difference == pytest.approx(0, abs=0.01)


def test_a_unit_is_told_by_three_rois_that_agree() -> None:
    assert percent_of({1: 100, 2: 50, 3: 25}, {1: 14, 2: 7, 3: 3.5}) == 14.0
    assert percent_of({1: 100, 2: 50}, {1: 14, 2: 7}) is None
    assert percent_of({1: 100, 2: 50, 3: 25}, {1: 98, 2: 51, 3: 25}) is None
    assert percent_of({1: 100, 2: 50, 3: 25}, {1: 14, 2: 30, 3: 2}) is None


def test_breast_is_percent_of_14_gy_and_agrees(shared_data: Path) -> None:
    archive = shared_data / "breast-boost-dicompyler.tar.xz"
    dose = sets.one(archive, "rtdose")
    mine = dvh(read_structure_set(*sets.one(archive, "rtss")), read_dose(*dose))
    found = compare(stored_dvhs(*dose), mine, 14.0)
    assert found.percent_of_gy == pytest.approx(14.0, abs=0.3)
    named = {one.number: one.name for one in mine}
    agreeing = [one for one in found.rois if named[one.number] not in ("BODY", "Borders")]
    assert len(agreeing) >= 7
    for one in agreeing:
        difference = one.pairs["mean"].difference
        assert difference is None or abs(difference) < 0.15, named[one.number]
