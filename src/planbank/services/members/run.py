"""The service members.

Comes in: a patient file that was linked anew. Goes out: memberships for late arrivals, in every
open protocol that holds something of the patient, from this centre or another (model.md, Membership;
R40). Safe to run twice; the end does not depend on the order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import F, Q

from planbank.catalogue.lanes import lane_of
from planbank.catalogue.models import PatientFile, PlanSet
from planbank.errors import ProtocolError
from planbank.house import House
from planbank.pipeline.due import BACKGROUND, make_due
from planbank.pipeline.registry import Done, Result, Subject, service
from planbank.protocols.act import Act
from planbank.protocols.actions.adding import add_parts
from planbank.protocols.actions.removing import MOVED
from planbank.protocols.models import Membership, Protocol
from planbank.protocols.parts import Grouped, Part, joining, parts_of

LATE = "late arrival"


def subjects() -> Iterator[Subject]:
    """Every patient file of a patient of whom something stands in a protocol."""
    patients = Membership.objects.order_by().values("patient_file__patient")
    rows = PatientFile.objects.filter(patient__in=patients).order_by().values_list("pk", flat=True)
    for pk in rows.iterator(5000):
        yield pk, lane_of(pk)


@service(subject="patient file", version=2, subjects=subjects, after=["link"])
def members(house: House, patient_file_id: int) -> Result:
    """Lets late arrivals join the protocols of their patient"""
    file = PatientFile.objects.select_related("institution").filter(pk=patient_file_id).first()
    if file is None:
        return Done("the patient file is gone")
    act = Act.of_service("members", house.clock.now())
    _let_go(act, file)
    grouped = list(parts_of(PlanSet.objects.filter(patient_file=file)).values())
    held = Q(patient_file=file)
    if file.patient_id is not None:
        held |= Q(patient_file__patient=file.patient_id)
    rows = Membership.objects.filter(held)
    protocols = Protocol.objects.filter(pk__in=rows.values("protocol"), status="active")
    joined = sum(_join(act, protocol, file, grouped) for protocol in protocols.order_by("pk"))
    return Done(f"{joined} joined" if joined else "")


def _join(act: Act, protocol: Protocol, file: PatientFile, grouped: list[Grouped]) -> int:
    rows = list(Membership.objects.filter(protocol=protocol, patient_file=file))
    active = {_part(row) for row in rows if row.removed_at is None}
    blocked = {_part(r) for r in rows if r.removed_at is not None and r.removed_reason != MOVED} - active
    seeds = {_part(row): row.added_at for row in rows if row.removed_at is None and row.via != LATE}
    elsewhere: frozenset[str] = frozenset()
    if file.patient_id is not None:
        others = Membership.objects.filter(
            protocol=protocol, patient_file__patient=file.patient_id, removed_at__isnull=True
        ).exclude(patient_file=file)
        there = list(others.select_related("series"))
        seeds |= {_part(row): row.added_at for row in there if row.via != LATE}
        elsewhere = frozenset(row.sop_instance_uid or row.series.series_instance_uid for row in there) - {""}
    parts = joining(grouped, frozenset(active), frozenset(blocked), seeds, elsewhere)
    if not parts:
        return 0
    try:
        return add_parts(act, protocol, file, parts, LATE)
    except ProtocolError:
        return 0  # the centre has left, or the patient was withdrawn or removed: nothing joins


def _part(row: Membership) -> Part:
    return Part(row.series_id, row.instance_id, row.sop_instance_uid)


def _let_go(act: Act, file: PatientFile) -> None:
    """What was sent again under another series or patient: followed, or let go.

    An object of this file that is now another patient's must not carry that patient into the protocol.
    """
    members = Membership.objects.filter(instance__isnull=False, removed_at__isnull=True)
    # Two ways, each by its own index: joined by OR they would read every membership of the bank.
    sent_here = members.filter(instance__series__study__patient_file=file).values("pk")
    here = members.filter(patient_file=file).values("pk").union(sent_here)
    gone = Membership.objects.filter(pk__in=here)
    gone = gone.exclude(instance__series__study__patient_file=F("patient_file"))
    count = Membership.objects.filter(pk__in=list(gone.values_list("pk", flat=True))).update(
        removed_at=act.at, removed_reason=MOVED
    )
    if count:
        make_due("clean", [(file.pk, lane_of(file.pk))], act.at, priority=BACKGROUND)
        act.journal("remove data", object_kind="patient file", object_id=file.pk, members=count, reason=MOVED)
    for row in members.filter(patient_file=file).exclude(instance__series=F("series")):
        assert row.instance is not None
        row.series_id = row.instance.series_id
        row.save(update_fields=["series"])
