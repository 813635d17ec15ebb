"""What stands behind one plan set: its parts, what is odd about them, how far the work has come.

Comes in: a PlanSet that the policy has let through. Goes out: plain dataclasses for its page, in a
number of queries that does not grow with the plan set. Derived rows belong to versions of the whole
bank; they are reached through the instances of the plan set alone (model.md, Tenancy).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Max, Q, QuerySet

from planbank.catalogue.models import (
    Dose,
    Finding,
    Instance,
    Member,
    Plan,
    PlanSet,
    Registration,
    StructureSet,
    Submission,
    TreatmentRecord,
)
from planbank.catalogue.models.derived import Derived
from planbank.pipeline.models import Outcome
from planbank.pipeline.registry import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from planbank.catalogue.models import Calculation, Series

MOST_CLOSED = 50
_DERIVED: dict[str, type[Derived]] = {
    "plan": Plan,
    "structure set": StructureSet,
    "dose": Dose,
    "record": TreatmentRecord,
    "registration": Registration,
}


@dataclass(frozen=True)
class Part:
    """A member: an RT object with what it says (None until it is analysed), or a series of images."""

    role: str
    means: str
    instance: Instance | None = None
    says: Any = None
    series: Series | None = None
    images: int = 0


@dataclass(frozen=True)
class Parts:
    """The members of a plan set by role."""

    plan: Part | None = None
    structure_sets: list[Part] = field(default_factory=list)
    doses: list[Part] = field(default_factory=list)
    images: list[Part] = field(default_factory=list)
    others: list[Part] = field(default_factory=list)

    @property
    def instances(self) -> list[int]:
        """The rows of the RT objects."""
        parts = [*([self.plan] if self.plan else []), *self.structure_sets, *self.doses, *self.others]
        return [part.instance.pk for part in parts if part.instance]

    @property
    def series(self) -> list[int]:
        return [part.series.pk for part in self.images if part.series]


@dataclass(frozen=True)
class Work:
    """One service on the objects of a plan set: how many outcomes in each state, and when the last ended."""

    states: dict[str, int] = field(default_factory=dict)
    due_at: datetime | None = None
    finished_at: datetime | None = None
    reasons: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return sum(self.states.values())


@dataclass(frozen=True)
class Arrived:
    """How many objects came, from whom (newest first), and how many of the arrivals were not new."""

    objects: int
    senders: list[str]
    relations: dict[str, int]


def parts_of(plan_set: PlanSet) -> Parts:
    """Every member with what it says. At most eight queries."""
    members = list(
        Member.objects.filter(plan_set=plan_set)
        .select_related("instance__current_version", "series")
        .order_by("role", "instance__sop_instance_uid", "series__modality", "series_id")
    )
    says = _says(members)
    counts = _image_counts([m.series_id for m in members if m.series_id])
    parts = [
        Part(
            m.role,
            m.means,
            m.instance,
            says.get((m.role, m.instance.current_version_id)) if m.instance else None,
            m.series,
            counts.get(m.series_id, 0) if m.series_id else 0,
        )
        for m in members
    ]

    def of(*roles: str) -> list[Part]:
        return [part for part in parts if part.role in roles]

    plan = of("plan")
    return Parts(
        plan[0] if plan else None,
        of("structure set"),
        of("dose"),
        of("images"),
        of("record", "registration"),
    )


def _says(members: Iterable[Member]) -> dict[tuple[str, int], Derived]:
    versions: dict[str, list[int]] = {}
    for member in members:
        if member.instance:
            versions.setdefault(member.role, []).append(member.instance.current_version_id)
    return {
        (role, row.version_id): row
        for role, wanted in versions.items()
        for row in _DERIVED[role]._default_manager.filter(version__in=wanted)
    }


def _image_counts(series: list[int]) -> dict[int, int]:
    """Images in each series, localisers left out as in linking."""
    rows = Instance.objects.filter(series__in=series).exclude(current_version__facts__localiser=True)
    return dict(rows.values_list("series").annotate(n=Count("pk")).order_by())


def findings_of(plan_set: PlanSet, parts: Parts) -> QuerySet[Finding]:
    """Open and closed findings on a plan set and on every object in it, newest first."""
    images = Instance.objects.filter(series__in=parts.series)
    return Finding.objects.filter(
        Q(subject_kind="plan set", subject_id=plan_set.pk)
        | Q(subject_kind="instance", subject_id__in=parts.instances)
        | Q(subject_kind="instance", subject_id__in=images.values("pk"))
        | Q(subject_kind="series", subject_id__in=parts.series),
        patient_file=plan_set.patient_file_id,
    ).order_by("-opened_at", "-pk")


def arrived(parts: Parts) -> Arrived:
    """How the objects of a plan set came."""
    # One condition, not two joined by OR: with those every arrival of the bank would be looked at.
    came = Submission.objects.filter(instance__in=_objects(parts).values("pk"))
    rows = (
        came.values("calling_ae", "relation")
        .annotate(n=Count("pk"), last=Max("received_at"))
        .order_by("-last")
        .values_list("calling_ae", "relation", "n")
    )
    senders: dict[str, None] = {}
    relations: dict[str, int] = {}
    for sender, relation, n in rows:
        senders[sender] = None
        relations[relation] = relations.get(relation, 0) + n
    return Arrived(len(parts.instances) + sum(p.images for p in parts.images), list(senders), relations)


def analysed(parts: Parts) -> Work:
    """How analyse stands on the current versions."""
    return _work("analyse", subject_id__in=_objects(parts).values("current_version"))


def linked(plan_set: PlanSet) -> Work:
    """How link stands on the patient file."""
    return _work("link", subject_id=plan_set.patient_file_id)


def calculated(calculations: Iterable[Calculation]) -> Work:
    """How calculate stands on the calculations of a plan set."""
    return _work("calculate", subject_id__in=[c.pk for c in calculations])


def _objects(parts: Parts) -> QuerySet[Instance]:
    return Instance.objects.filter(Q(pk__in=parts.instances) | Q(series__in=parts.series))


def _work(service: str, **subjects: Any) -> Work:
    if service not in SERVICES:
        return Work()
    spec = SERVICES[service]
    rows = Outcome.objects.filter(
        service=service, subject_kind=spec.subject, version=spec.version, **subjects
    )
    states: dict[str, int] = {}
    due, finished, reasons = [], [], []
    found = rows.values("state", "reason").annotate(n=Count("pk"), due=Max("due_at"), end=Max("finished_at"))
    for row in found.order_by("state", "reason")[:200]:
        states[row["state"]] = states.get(row["state"], 0) + row["n"]
        due.append(row["due"])
        if row["state"] == "done" and row["end"]:
            finished.append(row["end"])
        if row["state"] in ("failed", "waiting", "later") and row["reason"]:
            reasons.append(row["reason"])
    return Work(states, max(due, default=None), max(finished, default=None), tuple(reasons))
