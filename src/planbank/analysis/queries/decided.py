"""The decisions of a protocol, of all its patients at once or of one (R159).

Comes in: a protocol, perhaps a moment. Goes out: a decision for each patient. They are of all plans that
stand in the protocol, whoever asks, so that no two readers get different ones; nobody's rights are asked
here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from planbank.analysis.decide import Candidate, Chosen, Decision, Part, decide
from planbank.analysis.models import AnalysisChoice, AnalysisRule
from planbank.catalogue.models import Member, PlanSet
from planbank.catalogue.models.plan_set import Role
from planbank.protocols.models import Membership, Protocol


@dataclass(frozen=True)
class Decided:
    """Decisions by patient, and plan set -> patient; empty where each plan stands for itself."""

    rule: str
    decisions: dict[int, Decision]
    patients: dict[int, int] = field(default_factory=dict)

    def of(self, plan_set: int) -> Decision | None:
        """The decision of the patient of a plan set, whether it is taken or not."""
        return self.decisions.get(self.patients.get(plan_set, 0))

    @property
    def open(self) -> dict[int, Decision]:
        """Patients for whom somebody must choose."""
        return {patient: one for patient, one in self.decisions.items() if one.is_open}

    @property
    def says_nothing(self) -> bool:
        """No rule and no choice: tables are as they would be without this room."""
        return not self.decisions


def rule_of(protocol: Protocol, at: datetime | None = None) -> AnalysisRule | None:
    """The rule in force, or the one of a moment."""
    return AnalysisRule.objects.filter(_in_force(at, "set_at"), protocol=protocol).first()


def choices_of(
    protocol: Protocol, at: datetime | None = None, patient: int | None = None
) -> dict[int, AnalysisChoice]:
    """Patient -> the choice in force, or that of a moment; of one patient or of all."""
    rows = AnalysisChoice.objects.filter(_in_force(at, "made_at"), protocol=protocol)
    if patient is not None:
        rows = rows.filter(patient=patient)
    return {row.patient_id: row for row in rows.select_related("made_by")}


def decided(protocol: Protocol, at: datetime | None = None, patient: int | None = None) -> Decided:
    """The decisions of all patients, or of one. Five queries; two where there is no rule and no choice."""
    row = rule_of(protocol, at)
    rule = row.kind if row else AnalysisRule.Kind.EVERY.value
    choices = choices_of(protocol, at, patient)
    if rule == AnalysisRule.Kind.EVERY and not choices:
        return Decided(rule, {})
    every = candidates_of(protocol, at, patient)
    decisions = {
        patient: decide(rule, its, chosen_of(choices.get(patient))) for patient, its in every.items()
    }
    patients = {one.plan_set: patient for patient, its in every.items() for one in its}
    return Decided(rule, decisions, patients)


def chosen_of(row: AnalysisChoice | None) -> Chosen | None:
    """A choice as science wants it."""
    if row is None:
        return None
    parts = tuple(Part(one["file"], one["uid"], one.get("fractions")) for one in row.parts)
    return Chosen(parts, row.structures, row.reason)


def candidates_of(
    protocol: Protocol, at: datetime | None = None, patient: int | None = None
) -> dict[int, list[Candidate]]:
    """Patient -> what stands of the patient in the protocol. Two queries."""
    rows = members_of(protocol, at)
    if patient is not None:
        rows = rows.filter(patient_file__patient=patient)
    delivered = Exists(Member.objects.filter(plan_set=OuterRef("pk"), role=Role.RECORD))
    columns = ("pk", "patient_file", "patient_file__patient", "sop_instance_uid", "kind", "approval")
    heads = list(rows.annotate(delivered=delivered).values_list(*columns, "plan_date", "delivered"))
    structures: dict[int, set[int]] = defaultdict(set)
    members = Member.objects.filter(plan_set__in=[head[0] for head in heads], role=Role.STRUCTURE_SET)
    for pk, row in members.values_list("plan_set", "instance__current_version__structureset"):
        if row is not None:
            structures[pk].add(row)
    found: dict[int, list[Candidate]] = defaultdict(list)
    for pk, file, patient_pk, uid, kind, approval, date, was_delivered in heads:
        is_plan, approved = kind == PlanSet.Kind.PLAN, approval.upper() == "APPROVED"
        its = frozenset(structures[pk])
        found[patient_pk].append(Candidate(pk, file, uid, is_plan, approved, date[:8], was_delivered, its))
    return dict(found)


def members_of(protocol: Protocol, at: datetime | None = None) -> QuerySet[PlanSet]:
    """The plan sets that stand in the protocol, or stood at a moment, of known patients."""
    held = Membership.objects.as_of(at) if at else Membership.objects.in_force()  # type: ignore[attr-defined]
    held = held.filter(
        protocol=protocol,
        patient_file=OuterRef("patient_file"),
        sop_instance_uid=OuterRef("sop_instance_uid"),
    )
    return PlanSet.objects.filter(Exists(held), patient_file__patient__isnull=False)


def _in_force(at: datetime | None, since: str) -> Q:
    if at is None:
        return Q(ended_at__isnull=True)
    return Q(**{f"{since}__lte": at}) & (Q(ended_at__isnull=True) | Q(ended_at__gt=at))
