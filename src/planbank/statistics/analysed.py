"""Which plans have lines in a table, and from which doses (R159).

Comes in: a protocol's decisions, plan sets with their calculations. Goes out: a `Use` for each plan set
that has lines: its calculations, or that of the sum; what is open or not added is flagged and counts in no
summary.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from planbank.analysis.decide import Decision
from planbank.analysis.queries.decided import Decided, decided
from planbank.analysis.queries.sums import Addition, addition_of, calculation_of
from planbank.analysis.words import CANNOT_ADD, in_words
from planbank.catalogue.models import Calculation, PlanSet
from planbank.naming.queries.desk import Desk
from planbank.naming.queries.sheets import plan_sets_of
from planbank.protocols.models import Protocol


@dataclass(frozen=True)
class Use:
    """How one plan set is used. `words`: which plan or plans, and why."""

    calculations: Sequence[Calculation]
    flags: tuple[str, ...] = ()
    words: str = ""
    prescription_gy: float | None = None
    fractions: int | None = None

    @property
    def said(self) -> dict[str, Any]:
        """What every line of it carries."""
        return {
            "analysis": self.words,
            "prescription_gy": self.prescription_gy,
            "fractions": self.fractions,
        }


@dataclass
class Analysed:
    """The decisions a table goes by. Without a desk nobody's rights are asked."""

    found: Decided
    desk: Desk | None = None
    _additions: dict[int, Addition] = field(default_factory=dict)

    @classmethod
    def none(cls) -> Analysed:
        """Each plan for itself."""
        return cls(Decided("every", {}))

    @classmethod
    def of(cls, desk: Desk) -> Analysed:
        """Of a protocol, as of the desk's day; a project takes each plan for itself."""
        if not isinstance(desk.owner, Protocol):
            return cls.none()
        return cls(decided(desk.owner, desk.as_of), desk)

    @classmethod
    def of_patient(cls, protocol: Protocol, patient: int | None) -> Analysed:
        """Of one patient now, for whomever it is; plans of nobody known are each for themselves."""
        return cls.none() if patient is None else cls(decided(protocol, patient=patient))

    def takes(self, plan_set: int) -> bool:
        """Whether a plan set has lines."""
        decision = self.found.of(plan_set)
        if decision is None or decision.how == "each":
            return True
        if decision.how == "together" and not self._addition(decision).wrong:
            return plan_set == decision.structures
        return plan_set in decision.plan_sets

    def use(self, plan_set: PlanSet, calculations: Iterable[Calculation]) -> Use:
        """How a plan set that has lines is used."""
        its = list(calculations)
        own = (plan_set.prescription_gy, plan_set.fractions)
        decision = self.found.of(plan_set.pk)
        if decision is None or decision.how == "each":
            return Use(its, (), "", *own)
        words = in_words(decision)
        alone = [one for one in its if not one.chosen_dose.is_plan_sum]
        if decision.is_open:
            return Use(alone, ("needs choice",), words, *own)
        if decision.how == "one":
            return Use(alone, ("several doses",) if len(alone) > 1 else (), words, *own)
        addition = self._addition(decision)
        if addition.wrong:
            return Use(alone, ("not added",), f"{words}. {CANNOT_ADD[addition.wrong]}", *own)
        total = calculation_of(addition)
        flags = ("sum of plans",)
        sums = (addition.prescription_gy, addition.fractions)
        return Use([total] if total else [], flags, words, *sums)

    def _addition(self, decision: Decision) -> Addition:
        key = decision.structures
        if key not in self._additions:
            self._additions[key] = addition_of(decision) if self._sees(decision) else Addition("unseen")
        return self._additions[key]

    def _sees(self, decision: Decision) -> bool:
        if self.desk is None:
            return True
        every = plan_sets_of(self.desk.reader, self.desk.dictionary, self.desk.action)
        return every.filter(pk__in=decision.plan_sets).count() == len(decision.plan_sets)
