"""What a plan set, a series or a patient is made of, as a protocol holds it (model.md, Membership).

Comes in: rows of the catalogue. Goes out: `Part`s, one for each RT object and each series of
images; and, pure, which parts join by themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from planbank.catalogue.models import Instance, Member, PlanSet, Series

# Modalities that are filed object by object; of all others the series is the unit.
RT_MODALITIES = frozenset({"RTSTRUCT", "RTPLAN", "RTDOSE", "RTRECORD", "RTIMAGE", "REG", "SEG", "FID"})


@dataclass(frozen=True)
class Part:
    """One RT object (`instance` and its SOP Instance UID), or one series of images."""

    series: int
    instance: int | None = None
    uid: str = ""


@dataclass(frozen=True)
class Grouped:
    """A plan set: its head (the object it is named after), its parts, and when the head came."""

    head: Part | None
    parts: frozenset[Part]
    received: datetime | None = None
    # What a late plan may refer to and thereby join: structure sets and images.
    anchors: frozenset[Part] = frozenset()
    # The UIDs of these, by which another centre's members of the same patient are known.
    uids: frozenset[str] = frozenset()


def parts_of(plan_sets: Iterable[PlanSet]) -> dict[int, Grouped]:
    """What each plan set is made of. One query."""
    uids = {row.pk: row.sop_instance_uid for row in plan_sets}
    rows = Member.objects.filter(plan_set__in=list(uids)).select_related("instance", "series")
    parts: dict[int, set[Part]] = defaultdict(set)
    anchors: dict[int, set[Part]] = defaultdict(set)
    named: dict[int, set[str]] = defaultdict(set)
    heads: dict[int, tuple[Part, datetime]] = {}
    for member in rows.order_by("pk"):
        instance = member.instance
        if instance is not None:
            part = Part(instance.series_id, instance.pk, instance.sop_instance_uid)
            if instance.sop_instance_uid == uids[member.plan_set_id]:
                heads[member.plan_set_id] = (part, instance.first_received_at)
        else:
            assert member.series_id is not None
            part = Part(member.series_id)
        parts[member.plan_set_id].add(part)
        if member.role in ("structure set", "images"):
            anchors[member.plan_set_id].add(part)
            named[member.plan_set_id].add(
                part.uid or (member.series.series_instance_uid if member.series else "")
            )
    return {
        pk: Grouped(
            heads[pk][0] if pk in heads else None,
            frozenset(parts[pk]),
            heads[pk][1] if pk in heads else None,
            frozenset(anchors[pk]),
            frozenset(named[pk] - {""}),
        )
        for pk in uids
    }


def parts_of_series(series: Iterable[Series]) -> frozenset[Part]:
    """Series as a protocol holds them: RT objects one by one, images as they are. One query."""
    found: set[Part] = set()
    rt: list[int] = []
    for row in series:
        if row.modality in RT_MODALITIES:
            rt.append(row.pk)
        else:
            found.add(Part(row.pk))
    objects = Instance.objects.filter(series__in=rt).values_list("series_id", "pk", "sop_instance_uid")
    return frozenset(found | {Part(*row) for row in objects})


def joining(
    plan_sets: Iterable[Grouped],
    active: frozenset[Part],
    blocked: frozenset[Part],
    seeds: Mapping[Part, datetime],
    elsewhere: frozenset[str] = frozenset(),
) -> frozenset[Part]:
    """What joins by itself: late arrivals that refer to a member (model.md, Membership). Pure.

    1. All parts of a plan set whose head is a member, whenever they came.
    2. A plan or structure set that came after somebody added the patient's first member, where it refers to a
       structure set or images that are members; then 1 holds for it.

    `elsewhere`: UIDs of structure sets and series of the same patient that are members at other centres:
    a plan that refers to its own centre's copy of one refers to a member. `blocked`: what a person
    removed; neither it nor, through it, its plan set joins. `seeds`: when members were added that did
    not join by themselves. The result does not depend on the order of arrival.
    """
    began = min(seeds.values(), default=None)
    members = set(active)
    groups = [g for g in plan_sets if g.head is not None and g.head not in blocked]
    growing = True
    while growing:
        growing = False
        for group in groups:
            late = began is not None and group.received is not None and group.received > began
            refers = members & group.anchors or elsewhere & group.uids
            if group.head in members or (late and refers):
                more = group.parts - blocked - members
                members |= more
                growing = growing or bool(more)
    return frozenset(members - active)
