"""What could not be done leads to the files it is about, and to no other institution's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planbank.catalogue.models import (
    Calculation,
    ChosenDose,
    PatientFile,
    PlanSet,
    StructureSet,
)
from planbank.catalogue.queries.work import failed, failed_on, with_failed_work
from planbank.pipeline.registry import SERVICES
from tests.catalogue.rows import Rows

if TYPE_CHECKING:
    from datetime import datetime

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(now: datetime) -> Rows:
    return Rows(now)


def of(code: str) -> list[str]:
    """The files of an institution with failed work, after checking that outcomes say the same."""
    files = PatientFile.objects.filter(institution__code=code)
    found = sorted(with_failed_work(files).values_list("sent_id", flat=True))
    assert bool(found) == failed_on(files).exists()
    return found


def plan_set(file: PatientFile, now: datetime) -> PlanSet:
    return PlanSet.objects.create(
        patient_file=file,
        sop_instance_uid=f"1.2.9.{file.pk}",
        first_received_at=now,
        last_received_at=now,
        linked_at=now,
    )


def test_an_object_leads_to_the_files_of_those_who_sent_it(rows: Rows) -> None:
    here = rows.whole("AUH", "1", 1)
    rows.whole("AUH", "2", 1)
    rows.instance(rows.series(rows.file("OUH", "3")), here.current_version)
    rows.whole("RH", "4", 1)
    rows.outcome(here.current_version, "failed")
    assert (of("AUH"), of("OUH"), of("RH")) == (["1"], ["3"], [])


def test_a_file_leads_to_itself(rows: Rows) -> None:
    file = rows.file("AUH", "1")
    other = rows.file("OUH", "2")
    version = rows.version()
    for subject in (file, other):
        rows.outcome(version, "failed", service="link", subject_kind="patient file", subject_id=subject.pk)
    assert (of("AUH"), of("OUH")) == (["1"], ["2"])


def test_a_plan_set_and_a_calculation_lead_to_their_files(rows: Rows, now: datetime) -> None:
    drawn, calculated = plan_set(rows.file("AUH", "1"), now), plan_set(rows.file("OUH", "2"), now)
    version = rows.version()
    calculation = Calculation.objects.create(
        structure_set=StructureSet.objects.create(version=version),
        chosen_dose=ChosenDose.objects.create(fingerprint="f", summation="PLAN"),
    )
    calculation.plan_sets.add(calculated)
    names = {"plan set": "bundle", "calculation": "calculate"}
    for kind, subject in (("plan set", drawn.pk), ("calculation", calculation.pk)):
        spec = SERVICES[names[kind]]
        rows.outcome(
            version,
            "failed",
            service=spec.name,
            version=spec.version,
            subject_kind=kind,
            subject_id=subject,
        )
    assert (of("AUH"), of("OUH")) == (["1"], ["2"])


def test_only_what_the_services_as_they_are_now_could_not_do(rows: Rows) -> None:
    instance = rows.whole("AUH", "1", 1)
    rows.outcome(instance.current_version, "failed", version=99)
    rows.outcome(instance.current_version, "failed", service="gone")
    rows.outcome(instance.current_version, "done")
    assert not failed().exists()
    assert of("AUH") == []
