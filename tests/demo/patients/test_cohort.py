"""The seeded site's patients: who they are, how much they weigh."""

from __future__ import annotations

import pytest

from planbank.demo.patients import TRIGGER, SyntheticPatient, make_cohort, part10
from tests.demo.patients.reading import of

LIMIT = 60_000_000  # bytes: what a cold start of the demonstration may store


@pytest.fixture(scope="module")
def cohort() -> list[SyntheticPatient]:
    return list(make_cohort(1))


def test_eight_people_from_four_clinics_with_every_site(cohort: list[SyntheticPatient]) -> None:
    assert len(cohort) == 8
    assert {p.site for p in cohort} == {"head-and-neck", "breast", "prostate", "proton"}
    assert len({p.institution for p in cohort}) == 4
    assert len({p.patient_id for p in cohort}) == 8
    assert {p.fault for p in cohort} >= {None, "missing-slice", "empty-roi", "dose-without-plan", "replan"}


def test_no_uid_is_used_twice_and_all_is_small(cohort: list[SyntheticPatient]) -> None:
    uids = [ds.SOPInstanceUID for p in cohort for ds in p.objects]
    assert len(set(uids)) == len(uids)
    assert sum(len(part10(ds)) for p in cohort for ds in p.objects) < LIMIT


def test_one_patient_carries_the_trigger_and_one_a_record(cohort: list[SyntheticPatient]) -> None:
    names = [
        [roi.ROIName for roi in structure_set.StructureSetROISequence]
        for p in cohort
        for structure_set in of(p.objects, "RTSTRUCT")
    ]
    assert sum(TRIGGER in rois for rois in names) == 1
    assert any(of(p.objects, "RTRECORD") for p in cohort)


def test_another_seed_gives_other_people() -> None:
    first, other = next(make_cohort(1)), next(make_cohort(2))
    assert first.patient_id != other.patient_id
    assert first.objects[0].SOPInstanceUID != other.objects[0].SOPInstanceUID
