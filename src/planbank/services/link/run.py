"""The service link.

Comes in: a patient file. Goes out: its plan sets, their members, findings, and the DVHs that are
due. Everything is woven anew from what is held; rows that stay the same are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Max, Min

from planbank.catalogue.findings import Wanted, settle
from planbank.catalogue.models import (
    Dose,
    Instance,
    Member,
    PatientFile,
    Plan,
    PlanSet,
    Scene,
    StructureSet,
    Submission,
)
from planbank.catalogue.receipts_due import receipts_due
from planbank.delivery.models import Forward
from planbank.house import House
from planbank.pipeline.due import BACKGROUND, make_due
from planbank.pipeline.registry import Done, Result, Subject, service
from planbank.protocols.models import Membership, Trigger
from planbank.services.analyse import lane_of
from planbank.services.bundle import bundle_lane
from planbank.services.calculate.choose import settle_calculations
from planbank.services.link.nodes import Found, Woven
from planbank.services.link.read import held
from planbank.services.link.treated import treated
from planbank.services.link.weave import weave
from planbank.services.scene import scene_lane
from planbank.services.scene.forget import forget


def subjects() -> Iterator[Subject]:
    """Every patient file."""
    for pk in PatientFile.objects.values_list("pk", flat=True).iterator(5000):
        yield pk, lane_of(pk)


@service(subject="patient file", version=2, subjects=subjects, after=["analyse"])
def link(house: House, patient_file_id: int) -> Result:
    """Finds which objects belong together"""
    now = house.clock.now()
    woven, loose = weave(held(patient_file_id))
    gone = PlanSet.objects.filter(patient_file=patient_file_id).exclude(
        sop_instance_uid__in=[one.uid for one in woven]
    )
    forget(house, Scene.objects.filter(plan_set__in=gone))
    gone.delete()
    found = [_about(one, None) for one in loose]
    pictures: list[Subject] = []
    for one in woven:
        row = _plan_set(patient_file_id, one, now)
        _members(row, one)
        found += [_about(f, row) for f in one.found]
        found += settle_calculations(house, row)
        pictures.append((row.pk, bundle_lane(row.pk)))
    found += _of_objects(patient_file_id)
    settle(patient_file_id, "link", found, now)
    make_due("bundle", pictures, now)
    scenes = [(pk, scene_lane(patient_file_id)) for pk, _lane in pictures]
    make_due("scene", scenes, now, priority=BACKGROUND)
    receipts_due(patient_file_id, now)
    if _stands_in_a_protocol(patient_file_id):
        make_due("members", [(patient_file_id, lane_of(patient_file_id))], now)
        make_due("names", [(patient_file_id, lane_of(patient_file_id))], now)
    if Trigger.objects.filter(is_active=True).exists():
        make_due("trigger", [(patient_file_id, lane_of(patient_file_id))], now)
    make_due("clean", [(patient_file_id, lane_of(patient_file_id))], now, priority=BACKGROUND)
    if Forward.objects.filter(patient_file=patient_file_id).exists():
        make_due("forward", [(patient_file_id, lane_of(patient_file_id))], now)
    return Done(f"{len(woven)} plan sets")


def _stands_in_a_protocol(patient_file_id: int) -> bool:
    """Something of the patient is a member, at whatever centre, or of a file from which an object came."""
    patient = PatientFile.objects.filter(pk=patient_file_id, patient__isnull=False).values("patient")
    moved = Instance.objects.filter(series__study__patient_file=patient_file_id)
    return (
        Membership.objects.filter(patient_file=patient_file_id).exists()
        or Membership.objects.filter(patient_file__patient__in=patient).exists()
        or Membership.objects.filter(instance__in=moved).exists()
    )


def _about(found: Found, plan_set: PlanSet | None) -> Wanted:
    """Findings about a member stand on the plan set too: that is where people read them."""
    if plan_set is not None:
        about = found.about or (f"object {found.instance}" if found.instance else "")
        return Wanted("plan set", plan_set.pk, found.code, about, dict(found.params))
    assert found.instance is not None
    return Wanted("instance", found.instance, found.code, found.about, dict(found.params))


def _plan_set(patient_file_id: int, woven: Woven, now: datetime) -> PlanSet:
    instances = [link.instance for link in woven.links if link.instance]
    series = [link.series for link in woven.links if link.series]
    times = Submission.objects.filter(instance__in=_instances(instances, series)).aggregate(
        first=Min("received_at"), last=Max("received_at")
    )
    shown = _shown(woven)
    shown["treated_on"], shown["treated_by"] = treated(woven, shown["plan_date"])
    row, made = PlanSet.objects.get_or_create(
        patient_file_id=patient_file_id,
        sop_instance_uid=woven.uid,
        defaults={
            "kind": woven.kind,
            "first_received_at": times["first"] or now,
            "last_received_at": times["last"] or now,
            "linked_at": now,
            **shown,
        },
    )
    if not made:
        PlanSet.objects.filter(pk=row.pk).update(
            kind=woven.kind,
            first_received_at=times["first"] or row.first_received_at,
            last_received_at=times["last"] or row.last_received_at,
            linked_at=now,
            **shown,
        )
    return row


def _instances(instances: list[int], series: list[int]) -> Iterable[int]:
    members = Instance.objects.filter(pk__in=instances) | Instance.objects.filter(series__in=series)
    return members.values_list("pk", flat=True)


def _shown(woven: Woven) -> dict[str, object]:
    """What lists show of a plan set, from its plan or structure set."""
    by_role = {link.role: link.instance for link in sorted(woven.links) if link.instance}
    if woven.kind == "plan":
        plan = Plan.objects.get(version__current_in=by_role["plan"])
        return {
            "label": plan.label or plan.name,
            "plan_date": plan.date,
            "technique": plan.technique,
            "approval": plan.approval,
            "fractions": plan.fractions,
            "prescription_gy": plan.prescription_gy,
        }
    structure_set = StructureSet.objects.get(version__current_in=by_role["structure set"])
    return {
        "label": structure_set.label or structure_set.name,
        "plan_date": structure_set.date,
        "approval": structure_set.approval,
        "technique": "",
        "fractions": None,
        "prescription_gy": None,
    }


def _members(row: PlanSet, woven: Woven) -> None:
    wanted = {(link.role, link.instance, link.series): link.means for link in woven.links}
    for member in row.members.all():
        key = (member.role, member.instance_id, member.series_id)
        if wanted.get(key) == member.means:
            del wanted[key]
        else:
            member.delete()
    Member.objects.bulk_create(
        [
            Member(plan_set=row, role=role, instance_id=instance, series_id=series, means=means)
            for (role, instance, series), means in wanted.items()
        ]
    )


def _of_objects(patient_file_id: int) -> Iterator[Wanted]:
    """What analyse found odd about the current RT objects of this file."""
    for model in (StructureSet, Plan, Dose):
        rows = model.objects.filter(
            version__current_in__series__study__patient_file=patient_file_id
        ).values_list("version__current_in__pk", "findings")
        for instance, findings in rows:
            for code, about in findings:
                yield Wanted("instance", instance, code, about)
