"""Which dose a plan set's DVHs are taken from (model.md, Which dose).

Comes in: a plan set with its members. Goes out: its calculations, each a structure set with a
chosen dose, made due where they are new; and findings about doses that wait or are not used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from planbank.catalogue.findings import Wanted
from planbank.catalogue.models import Calculation, ChosenDose, Dose, Plan, PlanSet, StructureSet
from planbank.dose.choice import Choice, Decision, choose
from planbank.house import House
from planbank.pipeline.due import make_due
from planbank.services.calculate.facts import NO_PLAN, dose_facts, plan_facts
from planbank.services.calculate.tps_findings import settle_comparisons

# Passed over because something better is there: nobody needs to act or to know.
_SUPERSEDED = {"The dose of the whole plan is there.", "The dose of its fraction group is there."}


@dataclass(frozen=True)
class _Members:
    plan: Plan | None
    structure_sets: list[StructureSet]
    doses: dict[str, Dose]


def calculation_lane(calculation_id: int) -> str:
    """DVHs of different doses need no order: they run beside each other."""
    return f"calc:{calculation_id}"


def settle_calculations(house: House, plan_set: PlanSet) -> list[Wanted]:
    """Make the calculations of a plan set exactly what its chosen doses ask for; returns findings."""
    members = _members(plan_set)
    if not members.doses:
        plan_set.calculations.clear()
        settle_comparisons(house, plan_set)
        return []
    facts = plan_facts(members.plan) if members.plan else NO_PLAN
    decision = choose(facts, [dose_facts(dose, facts.uid) for dose in members.doses.values()])
    wanted: list[Calculation] = []
    found = list(_findings(plan_set, decision))
    for choice in decision.choices:
        chosen = _chosen_dose(choice, members.doses)
        for structure_set in members.structure_sets:
            if not _same_frame(structure_set, choice, members.doses):
                found.append(Wanted("plan set", plan_set.pk, "dose-other-frame"))
                continue
            calculation, _made = Calculation.objects.get_or_create(
                structure_set=structure_set, chosen_dose=chosen
            )
            wanted.append(calculation)
    plan_set.calculations.set(wanted)
    settle_comparisons(house, plan_set)
    due = [c for c in wanted if c.calculated_at is None]
    make_due("calculate", [(c.pk, calculation_lane(c.pk)) for c in due], house.clock.now())
    return found


def _members(plan_set: PlanSet) -> _Members:
    instances = list(plan_set.members.exclude(instance=None).values_list("instance", flat=True))

    def current(model: type) -> list:  # type: ignore[type-arg]
        rows = model.objects.filter(version__current_in__in=instances)  # type: ignore[attr-defined]
        return list(rows.select_related("version").order_by("version__sop_instance_uid"))

    plans = current(Plan) if plan_set.kind == PlanSet.Kind.PLAN else []
    return _Members(
        plan=plans[0] if plans else None,
        structure_sets=current(StructureSet),
        doses={dose.version.sop_instance_uid: dose for dose in current(Dose)},
    )


def _chosen_dose(choice: Choice, doses: dict[str, Dose]) -> ChosenDose:
    """The row of a choice, one for the whole bank: the same objects added the same way."""
    versions = [doses[uid].version for uid in choice.dose_uids]
    content = sorted(version.content_hash for version in versions)
    name = f"{choice.kind}:{choice.type}:{choice.scale!r}:{','.join(content)}"
    row, made = ChosenDose.objects.get_or_create(
        fingerprint=hashlib.sha256(name.encode()).hexdigest(),
        defaults={
            "summation": doses[choice.dose_uids[0]].summation or "PLAN",
            "type": choice.type,
            "scale": choice.scale,
            "is_plan_sum": choice.kind == "plan sum",
        },
    )
    if made:
        row.versions.set(versions)
    return row


def _same_frame(structure_set: StructureSet, choice: Choice, doses: dict[str, Dose]) -> bool:
    """A frame that is not named fits any; two different ones never do (look.md: refused with a message)."""
    frames = {structure_set.frame_of_reference_uid}
    frames |= {doses[uid].frame_of_reference_uid for uid in choice.dose_uids}
    return len(frames - {""}) <= 1


def _findings(plan_set: PlanSet, decision: Decision) -> Iterator[Wanted]:
    def about(code: str, words: str = "", **params: int) -> Wanted:
        return Wanted("plan set", plan_set.pk, code, words[:200], params)

    if decision.waiting:
        lacks = [one.removeprefix("waiting for ") for one in decision.waiting]
        yield about("dose-waiting-for-beams", ", ".join(lacks))
    for why in sorted({why for _uid, why in decision.passed} - _SUPERSEDED):
        yield about("dose-not-used", why.rstrip("."))
    whole = [choice for choice in decision.choices if choice.kind == "plan"]
    if len(whole) > 1:
        yield about("dose-several-plan", count=len(whole))
    for finding in decision.findings:
        yield about(finding.code, finding.about)
