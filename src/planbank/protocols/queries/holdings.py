"""What of patients and plans stands in a protocol, now or on an earlier day (R35, R40, R45).

Comes in: a protocol, rows of the catalogue that the policy has narrowed, maybe a moment. Goes out: the rows
narrowed further, and for those of one page how much stands there, since when, and what joined by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet

from planbank.catalogue.models import PatientFile, PlanSet
from planbank.protocols.models import Membership, Participant, Protocol

LATE = "late arrival"


@dataclass(frozen=True)
class Held:
    """What stands of one patient file: plans, RT objects, series of images; how many joined late."""

    plans: int = 0
    objects: int = 0
    images: int = 0
    late: int = 0
    first: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True)
class Added:
    """How a plan set came into the protocol."""

    at: datetime
    via: str
    by: str

    @property
    def is_late(self) -> bool:
        return self.via == LATE


def standing(protocol: Protocol, at: datetime | None = None) -> QuerySet[Membership]:
    """The memberships in force, or those of a moment; what is restricted now is in neither."""
    rows = Membership.objects.filter(protocol=protocol)
    return rows.as_of(at) if at else rows.in_force()  # type: ignore[attr-defined]


def files_at(rows: QuerySet[PatientFile], protocol: Protocol, at: datetime) -> QuerySet[PatientFile]:
    """Files of which something stood there at a moment."""
    return rows.filter(Exists(standing(protocol, at).filter(patient_file=OuterRef("pk"))))


def plans_at(rows: QuerySet[PlanSet], protocol: Protocol, at: datetime) -> QuerySet[PlanSet]:
    """Plan sets that stood there at a moment."""
    return rows.filter(Exists(_heads(standing(protocol, at))))


def late_plans(rows: QuerySet[PlanSet], protocol: Protocol) -> QuerySet[PlanSet]:
    """Plan sets that joined by themselves."""
    return rows.filter(Exists(_heads(standing(protocol)).filter(via=LATE)))


def with_late(rows: QuerySet[PatientFile], protocol: Protocol) -> QuerySet[PatientFile]:
    """Files of which something joined by itself."""
    return rows.filter(Exists(standing(protocol).filter(patient_file=OuterRef("pk"), via=LATE)))


def unexpected(rows: QuerySet[PatientFile], protocol: Protocol) -> QuerySet[PatientFile]:
    """Files of patients who are no participants."""
    known = Participant.objects.filter(protocol=protocol, patient=OuterRef("patient"))
    return rows.filter(~Exists(known))


def gone_since(protocol: Protocol, at: datetime, institutions: set[int] | None) -> int:
    """Patients of whom something stood there at a moment that has been removed since."""
    rows = standing(protocol, at).filter(removed_at__isnull=False)
    if institutions is not None:
        rows = rows.filter(institution__in=institutions)
    return rows.aggregate(n=Count("patient_file__patient", distinct=True))["n"]


def held(protocol: Protocol, files: Sequence[PatientFile], at: datetime | None = None) -> dict[int, Held]:
    """For each file of a page; one query."""
    rows = standing(protocol, at).filter(patient_file__in=list(files)).order_by().values("patient_file")
    objects = Q(instance__isnull=False)
    counted = rows.annotate(
        plans=Count("pk", filter=objects & Q(series__modality="RTPLAN")),
        objects=Count("pk", filter=objects),
        images=Count("pk", filter=~objects),
        late=Count("pk", filter=Q(via=LATE)),
        first=Min("added_at"),
        last=Max("added_at"),
    )
    found: dict[int, Held] = {row.pop("patient_file"): Held(**row) for row in counted}
    return {file.pk: found.get(file.pk, Held()) for file in files}


def added(protocol: Protocol, plan_sets: Sequence[PlanSet], at: datetime | None = None) -> dict[int, Added]:
    """For each plan set of a page how it came in; one query."""
    pks = [row.pk for row in plan_sets]
    rows = _of_plan_sets(protocol, pks, at)
    return {pk: Added(when, via, by or "") for pk, when, via, by in rows}


def _of_plan_sets(protocol: Protocol, pks: list[int], at: datetime | None) -> list[tuple[Any, ...]]:
    heads = _heads(standing(protocol, at))
    rows = PlanSet.objects.filter(pk__in=pks).annotate(
        added_at=heads.values("added_at")[:1],
        added_via=heads.values("via")[:1],
        added_name=heads.values("added_by__name")[:1],
    )
    fields = ("pk", "added_at", "added_via", "added_name")
    return [row for row in rows.values_list(*fields) if row[1] is not None]


def _heads(rows: QuerySet[Membership]) -> QuerySet[Membership]:
    """The membership of the object that an outer plan set is named after."""
    return rows.filter(patient_file=OuterRef("patient_file"), sop_instance_uid=OuterRef("sop_instance_uid"))
