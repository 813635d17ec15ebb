"""Rows of the catalogue as the plain facts that the choice of doses needs (planbank.dose.choice)."""

from __future__ import annotations

from planbank.catalogue.models import Dose, Plan
from planbank.dose.choice import DoseFacts, GroupFacts, PlanFacts

NO_PLAN = PlanFacts("", ())


def plan_facts(plan: Plan) -> PlanFacts:
    """Fraction groups with their treatment beams, prescription (Gy) and fractions of a plan."""
    treating = {beam["number"] for beam in plan.facts["beams"] if beam["treats"]}
    groups = tuple(
        GroupFacts(
            group["number"],
            frozenset(b["number"] for b in group["beams"] if b["number"] in treating),
            frozenset(group["brachy_setups"]),
        )
        for group in plan.facts["fraction_groups"]
    )
    return PlanFacts(plan.version.sop_instance_uid, groups, plan.prescription_gy, plan.fractions)


def dose_facts(dose: Dose, plan_uid: str) -> DoseFacts:
    """What a dose is of, as far as it is of one plan ('' takes whichever it names)."""
    named = dose.facts["plans"]
    parts = tuple(
        (group["number"], frozenset(group["beams"]), frozenset(group["brachy_setups"]))
        for plan in named
        if not plan_uid or plan["sop_instance_uid"] == plan_uid
        for group in plan["fraction_groups"]
    )
    return DoseFacts(
        uid=dose.version.sop_instance_uid,
        units=dose.units,
        type=dose.type or "PHYSICAL",
        summation=dose.summation,
        plan_uids=tuple(dict.fromkeys(plan["sop_instance_uid"] for plan in named)),
        parts=parts,
        comment=dose.label,
        maximum=dose.facts["maximum"],
        readable=dose.facts["maximum"] is not None,
    )
