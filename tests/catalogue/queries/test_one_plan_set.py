"""What stands behind one plan set: only what its own institution sent, at a bounded cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planbank.catalogue.models import Calculation
from planbank.catalogue.queries import one_plan_set as reads
from planbank.catalogue.queries.dvhs import calculations_of, dvhs_of, rois_of
from planbank.pipeline.registry import SERVICES
from tests.catalogue.plan_rows import PlanRows


@pytest.fixture
def rows(db: None) -> PlanRows:
    return PlanRows(datetime(2026, 11, 17, 8, 30, tzinfo=UTC))


def test_every_member_with_what_it_says(rows: PlanRows) -> None:
    plan_set = rows.whole_plan()
    parts = reads.parts_of(plan_set)
    assert parts.plan is not None and parts.plan.says.technique == "VMAT"
    assert [part.says.label for part in parts.structure_sets] == ["RS"]
    assert [part.says.summation for part in parts.doses] == ["PLAN"]
    assert [(part.images, part.means) for part in parts.images] == [(3, "series")]
    assert len(parts.instances) == 3 and len(parts.series) == 1


def test_an_object_that_is_not_analysed_yet_says_nothing(rows: PlanRows) -> None:
    plan_set = rows.plan_set(rows.file(sent_id="1"))
    rows.member(plan_set, "dose", instance=rows.rt_object(plan_set.patient_file, "RTDOSE"))
    assert reads.parts_of(plan_set).doses[0].says is None


def test_localisers_are_no_slices(rows: PlanRows) -> None:
    plan_set = rows.plan_set(rows.file(sent_id="1"))
    rows.add_images(plan_set, 4)
    series = plan_set.members.get().series
    first = series.instances.first()
    first.current_version.facts = {"localiser": True}
    first.current_version.save()
    assert reads.parts_of(plan_set).images[0].images == 3


def test_findings_on_the_plan_set_its_objects_and_its_images(rows: PlanRows) -> None:
    plan_set, other = rows.whole_plan(), rows.whole_plan(sent_id="2")
    parts = reads.parts_of(plan_set)
    file = plan_set.patient_file
    image = parts.images[0].series.instances.first()
    for kind, number in [("plan set", plan_set.pk), ("instance", parts.instances[0]), ("instance", image.pk)]:
        rows.finding(file, subject_kind=kind, subject_id=number)
    rows.finding(other.patient_file, subject_kind="plan set", subject_id=other.pk)
    rows.finding(file, subject_kind="study", subject_id=plan_set.pk)
    assert reads.findings_of(plan_set, parts).count() == 3


def test_how_it_came(rows: PlanRows) -> None:
    plan_set = rows.whole_plan()
    parts = reads.parts_of(plan_set)
    instance = parts.plan.instance
    late = rows.at + timedelta(hours=1)
    rows.submission(instance, calling_ae="TPS2", relation="again", received_at=late)
    came = reads.arrived(parts)
    assert came.objects == 6
    assert came.senders == ["TPS2", "PACS"]
    assert came.relations == {"again": 1, "new": 6}


def test_how_the_work_stands(rows: PlanRows) -> None:
    plan_set = rows.whole_plan()
    parts = reads.parts_of(plan_set)
    version = SERVICES["analyse"].version
    done = rows.at + timedelta(seconds=9)
    for instance in parts.instances[:2]:
        rows.outcome(_version(instance), "done", version=version, finished_at=done)
    rows.outcome(_version(parts.instances[2]), "failed", "It cannot be read.", version=version)
    rows.outcome(_version(parts.instances[0]), "due", version=version + 1)
    work = reads.analysed(parts)
    assert work.states == {"done": 2, "failed": 1}
    assert work.finished_at == done
    assert work.reasons == ("It cannot be read.",)
    assert reads.linked(plan_set).total == 0


def _version(instance: int) -> object:
    from planbank.catalogue.models import Instance

    return Instance.objects.get(pk=instance).current_version


def test_the_newest_dvh_of_each_roi(rows: PlanRows) -> None:
    plan_set = rows.whole_plan()
    calculation = Calculation.objects.get()
    roi = calculation.structure_set.rois.get(number=1)
    rows.dvh(calculation, roi, algorithm="slab-0", volume_cc=1.0)
    found = dvhs_of(calculations_of(plan_set)[0])
    assert found[roi.pk].volume_cc == 100.0
    assert len(found) == 4
    assert [r.number for r in rois_of([calculation.structure_set_id])] == [1, 2, 3, 4]


def test_the_cost_does_not_grow_with_the_plan_set(rows: PlanRows) -> None:
    small, large = rows.whole_plan(), rows.whole_plan(sent_id="2")
    rows.add_structures(large, *(f"ROI {n}" for n in range(30)))
    rows.add_images(large, 20)
    for n in range(4):
        rows.add_dose(large, "BEAM", label=f"beam {n}")
    counts = []
    for plan_set in (small, large):
        with CaptureQueriesContext(connection) as queries:
            parts = reads.parts_of(plan_set)
            list(reads.findings_of(plan_set, parts))
            reads.arrived(parts)
            reads.analysed(parts)
            reads.linked(plan_set)
            calculations = calculations_of(plan_set)
            reads.calculated(calculations)
            dvhs_of(calculations[0])
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15
