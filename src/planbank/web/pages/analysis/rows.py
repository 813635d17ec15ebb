"""The patients of a protocol with their decisions, as the page lists them.

Comes in: a desk, which of them. Goes out: rows with the plans that the reader sees, and how many are hidden.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from planbank.analysis.decide import Decision, decide
from planbank.analysis.queries.decided import Decided, candidates_of, choices_of, chosen_of, decided
from planbank.analysis.words import in_words
from planbank.catalogue.models import Member, PlanSet
from planbank.catalogue.models.plan_set import Role
from planbank.naming.queries.desk import Desk
from planbank.protocols.models import Protocol
from planbank.web.reach import unveil_labels

SHOWN = ("open", "hand", "several")


@dataclass(frozen=True)
class PatientRow:
    """One patient: what is decided, and the plans. `plan_sets`: those the reader sees."""

    patient: int
    decision: Decision
    plan_sets: tuple[PlanSet, ...]

    @property
    def words(self) -> str:
        """Which plan and why, or why somebody must choose."""
        return in_words(self.decision)

    @property
    def first(self) -> PlanSet:
        """One of the plans, which says whose they are."""
        return self.plan_sets[0]

    @property
    def marked(self) -> list[tuple[PlanSet, bool]]:
        """The plans, each with whether tables take it."""
        taken = () if self.decision.is_open else self.decision.plan_sets
        return [(row, row.pk in taken) for row in self.plan_sets]


@dataclass(frozen=True)
class Patients:
    """All patients of a desk that have several plans, or a decision."""

    found: Decided
    plan_sets: dict[int, list[int]]

    @classmethod
    def of(cls, desk: Desk) -> Patients:
        """Those of whom the reader sees something."""
        assert isinstance(desk.owner, Protocol)
        mine: dict[int, list[int]] = defaultdict(list)
        for pk, patient in desk.plan_sets.order_by("pk").values_list("pk", "patient_file__patient"):
            if patient is not None:
                mine[patient].append(pk)
        return cls(decided(desk.owner), dict(mine))

    def decision(self, patient: int) -> Decision:
        """As the rule or a choice has it; without either each plan is for itself."""
        return self.found.decisions.get(patient) or Decision(
            "each", tuple(self.plan_sets[patient]), why="every"
        )

    def shown(self, which: str) -> list[int]:
        """Patients whose decision is open, made by hand, or of whom there are several plans."""
        test = {
            "open": lambda pk: self.decision(pk).is_open,
            "hand": lambda pk: self.decision(pk).by_hand,
            "several": lambda pk: len(self.plan_sets[pk]) > 1,
        }[which]
        return [pk for pk in self.plan_sets if test(pk)]


def rows_of(desk: Desk, patients: Patients, wanted: Iterable[int]) -> list[PatientRow]:
    """Rows of some patients, veiled for the reader."""
    wanted = list(wanted)
    keys = [pk for patient in wanted for pk in patients.plan_sets[patient]]
    found = {row.pk: row for row in plan_sets_in(desk, keys)}
    rows = []
    for patient in wanted:
        its = tuple(found[pk] for pk in patients.plan_sets[patient] if pk in found)
        if its:
            rows.append(PatientRow(patient, patients.decision(patient), its))
    return rows


def plan_sets_in(desk: Desk, keys: Iterable[int]) -> list[PlanSet]:
    """Plan sets as the reader may see them, with whether they have treatment records."""
    delivered = Exists(Member.objects.filter(plan_set=OuterRef("pk"), role=Role.RECORD))
    rows = desk.plan_sets.filter(pk__in=list(keys)).annotate(delivered=delivered)
    found = list(rows.select_related("patient_file__institution").order_by("plan_date", "pk"))
    unveil_labels(found)
    return found


def preview(protocol: Protocol, kind: str) -> tuple[int, int]:
    """Under another rule: how many patients have one plan or several together, and how many would be open."""
    choices = choices_of(protocol)
    made = [
        decide(kind, its, chosen_of(choices.get(patient))) for patient, its in candidates_of(protocol).items()
    ]
    return sum(not one.is_open for one in made), sum(one.is_open for one in made)
