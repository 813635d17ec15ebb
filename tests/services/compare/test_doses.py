"""The doses that observers planned, in the structures they got (R112)."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from planbank.audits.models import AuditStudy, PlannedDvh
from planbank.catalogue.models import Dvh
from planbank.house import House
from planbank.protocols.models import Protocol, StructureType
from tests.audits.rows import copy_of, drawn, give_back, objects, opened, protocol


@pytest.fixture
def of(bank: House) -> Protocol:
    return protocol(bank)


@pytest.fixture
def study(bank: House, of: Protocol) -> AuditStudy:
    """A planning audit: images, structures, plan and dose go out."""
    given = list(StructureType.objects.filter(protocol=of))
    return opened(bank, of, with_plan=True, with_dose=True, given=given)


def part(bank: House, study: AuditStudy, code: str, modality: str) -> Dataset:
    return next(ds for ds in objects(bank, copy_of(study, code)) if ds.Modality == modality)


def planned(bank: House, study: AuditStudy, code: str, factor: float = 1.0, **changes: object) -> Dataset:
    """The dose of a plan made on a copy: that of the source, scaled."""
    ds = part(bank, study, code, "RTDOSE")
    ds.SOPInstanceUID = generate_uid()
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.DoseGridScaling = float(ds.DoseGridScaling) * factor
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    return ds


def test_the_dose_of_the_source_comes_to_the_dvhs_of_the_source(bank: House, study: AuditStudy) -> None:
    give_back(bank, planned(bank, study, "OUH-1"))
    made = {one.structure_type.name: one for one in PlannedDvh.objects.all()}
    ours = {one.roi.name: one for one in Dvh.objects.all()}
    assert set(made) == {"Rectum"}, "the source calls the bladder otherwise"
    for name, one in made.items():
        assert one.reason == "" and not one.own and one.row.observer.code == "OUH-1"  # type: ignore[union-attr]
        assert one.volume_cc == pytest.approx(ours[name].volume_cc, rel=1e-9)
        assert one.mean_gy == pytest.approx(ours[name].mean_gy, rel=1e-6)
        assert one.max_gy == pytest.approx(ours[name].max_gy, rel=1e-6)


def test_half_the_dose_is_half_and_a_second_version_replaces_the_first(
    bank: House, study: AuditStudy
) -> None:
    give_back(bank, planned(bank, study, "OUH-1"))
    whole = PlannedDvh.objects.get(structure_type__name="Rectum").mean_gy
    give_back(bank, planned(bank, study, "OUH-1", 0.5))
    rows = PlannedDvh.objects.filter(structure_type__name="Rectum", row__superseded_by=None)
    assert [one.mean_gy for one in rows] == [pytest.approx(whole / 2, rel=1e-4)]
    assert PlannedDvh.objects.count() == 1, "what was replaced is not shown"


def test_a_dose_elsewhere_or_without_unit_is_told_and_not_calculated(bank: House, study: AuditStudy) -> None:
    give_back(bank, planned(bank, study, "OUH-1", DoseUnits="RELATIVE"))
    assert set(PlannedDvh.objects.values_list("reason", flat=True)) == {"unit"}
    far = planned(bank, study, "OUH-2")
    far.ImagePositionPatient = [9000.0, 9000.0, 9000.0]
    give_back(bank, far)
    rows = PlannedDvh.objects.filter(row__observer__code="OUH-2")
    assert set(rows.values_list("reason", flat=True)) == {"outside"}


def test_what_an_observer_drew_besides_is_told_as_own(bank: House, of: Protocol) -> None:
    rectum = StructureType.objects.get(name="Rectum")
    study = opened(bank, of, with_plan=True, with_dose=True, given=[rectum])
    images = objects(bank, copy_of(study, "OUH-1"))
    give_back(bank, drawn(images, ("Bladder",)))
    give_back(bank, planned(bank, study, "OUH-1"))
    made = {one.structure_type.name: (one.own, one.reason) for one in PlannedDvh.objects.all()}
    assert made == {"Rectum": (False, ""), "Bladder": (True, "outside")}, "the square lies beside the dose"
