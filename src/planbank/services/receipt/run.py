"""The service receipt.

Comes in: a plan set whose file has changed. Goes out: its receipt, written once nothing more is awaited
(at once where a trigger went wrong), an event, and a mail where something is new to mend or look at.
Safe to run twice: what did not change is not told again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q

from planbank.catalogue.lanes import lane_of
from planbank.catalogue.models import Finding, Instance, PlanSet, Receipt, Submission
from planbank.catalogue.queries.one_plan_set import Parts, parts_of
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import Affiliation
from planbank.pipeline.models import Outcome, State
from planbank.pipeline.registry import Done, Later, Result, Subject, service
from planbank.services.completeness.quiet import quiet_at
from planbank.services.receipt.lines import About, Line, lines_of
from planbank.services.receipt.lines.findings import AT_ONCE
from planbank.services.receipt.tell import tell

# What the receipt tells of, in the lane of the patient file.
BEFORE = ("analyse", "link", "completeness", "trigger", "members")
SOON = timedelta(seconds=3)


def subjects() -> Iterator[Subject]:
    """Every plan set."""
    for pk, patient_file in PlanSet.objects.values_list("pk", "patient_file").iterator(5000):
        yield pk, lane_of(patient_file)


@service(subject="plan set", version=1, subjects=subjects, after=BEFORE)
def receipt(house: House, plan_set_id: int) -> Result:
    """Tells the sender what came, in plain words"""
    plan_set = PlanSet.objects.select_related("patient_file__institution").filter(pk=plan_set_id).first()
    if plan_set is None:
        return Done("the plan set is gone")
    now = house.clock.now()
    until = quiet_at(house, plan_set.patient_file)
    if until is None and _is_busy(plan_set, now):
        return Later(now + SOON, "Work on it goes on.")
    if until is not None and not _went_wrong(plan_set):
        _keep_place(plan_set, now)
        return Later(until, "More may still be on its way.")
    parts = parts_of(plan_set)
    lines = lines_of(About(house, plan_set, parts, now, quiet=until is None))
    row = _write(plan_set, parts, lines, now, is_final=until is None)
    tell(house, row, lines)
    if until is not None:
        return Later(until, "More may still be on its way.")
    return Done(row.state)


def _is_busy(plan_set: PlanSet, now: datetime) -> bool:
    """Something that the receipt tells of is about to be found out."""
    to_do = Q(state=State.DUE) | Q(state=State.LATER, due_at__lte=now)
    lane = lane_of(plan_set.patient_file_id)
    return Outcome.objects.filter(to_do, service__in=BEFORE, lane=lane).exists()


def _went_wrong(plan_set: PlanSet) -> bool:
    found = Finding.objects.filter(subject_kind="plan set", subject_id=plan_set.pk, closed_at=None)
    return found.filter(code__in=AT_ONCE).exists()


def _keep_place(plan_set: PlanSet, now: datetime) -> None:
    """A receipt that waits: pages show that something came."""
    known = Receipt.objects.filter(
        patient_file=plan_set.patient_file, sop_instance_uid=plan_set.sop_instance_uid
    )
    if known.exists():
        return
    Receipt.objects.get_or_create(
        patient_file=plan_set.patient_file,
        sop_instance_uid=plan_set.sop_instance_uid,
        defaults={
            "institution": plan_set.patient_file.institution,
            "made_at": now,
            "written_at": now,
            "received_at": plan_set.last_received_at,
            **_sender(plan_set, parts_of(plan_set)),
        },
    )


def _sender(plan_set: PlanSet, parts: Parts) -> dict[str, object]:
    objects = Instance.objects.filter(Q(pk__in=parts.instances) | Q(series__in=parts.series))
    newest = (
        Submission.objects.filter(instance__in=objects.values("pk")).order_by("-received_at", "-pk").first()
    )
    if newest is None:
        return {}
    return {"sender": newest.sender, "calling_ae": newest.calling_ae}


def _write(plan_set: PlanSet, parts: Parts, lines: list[Line], now: datetime, *, is_final: bool) -> Receipt:
    file = plan_set.patient_file
    values = {"institution": file.institution, "made_at": now, "written_at": now}
    row, _made = Receipt.objects.select_for_update().get_or_create(
        patient_file=file,
        sop_instance_uid=plan_set.sop_instance_uid,
        defaults={**values, "received_at": plan_set.last_received_at},
    )
    for name, value in _sender(plan_set, parts).items():
        setattr(row, name, value)
    said = [{"state": x.state, "code": x.code, "params": dict(x.params), "about": x.about} for x in lines]
    worst = next((line.state for line in lines if line.needs_somebody), "ok")
    row.received_at = plan_set.last_received_at
    row.objects_held = len(parts.instances) + sum(part.images for part in parts.images)
    if said != row.lines:
        row.lines, row.written_at = said, now
    row.state = worst if is_final or worst != "ok" else Receipt.State.WAITING
    if is_final:
        row.final_at = row.final_at or now
        if row.state == Receipt.State.OK and row.fine_at is None:
            row.fine_at, row.hands = now, _hands(plan_set)
    row.save()
    return row


def _hands(plan_set: PlanSet) -> int:
    """How often people of the centre looked at the data or changed something, since they came (R150)."""
    people = Affiliation.objects.filter(institution=plan_set.patient_file.institution_id)
    here = Q(object_kind="plan set", object_id=str(plan_set.pk)) | Q(
        object_kind="patient file", object_id=str(plan_set.patient_file_id)
    )
    acts = Entry.objects.filter(here, actor_kind="user", at__gte=plan_set.first_received_at)
    return acts.filter(actor__in=people.values("user__username")).count()
