"""Which dose: what of the doses of a plan may be used, added, or must wait.

Comes in: plain facts of a plan and of the doses that refer to it. Goes out: a `Decision`:
the doses to make DVHs of (alone or summed), what is waited for, and why the rest is passed
over. The rules are those of the domain model: PLAN wins; BEAM is summed only when every
treatment beam is there exactly once, FRACTION only when all fraction groups are; PHYSICAL is
never added to EFFECTIVE, nor external beams to brachytherapy.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from planbank.dicom.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planbank.dicom.dose_grid import DoseInfo
    from planbank.dicom.plan import Plan

ChoiceKind = Literal["plan", "sum", "plan sum"]


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """A fraction group: the numbers of its treatment beams and brachy setups."""

    number: int | None
    beams: frozenset[int]
    setups: frozenset[int]


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What the choice needs to know of a plan. `prescription_gy` and `fractions` may be None."""

    uid: str
    groups: tuple[GroupFacts, ...]
    prescription_gy: float | None = None
    fractions: int | None = None


@dataclass(frozen=True, slots=True)
class DoseFacts:
    """What the choice needs to know of a dose.

    Attributes:
        parts: (fraction group, beams, brachy setups) it says it is of, for this plan.
        plan_uids: all plans it refers to.
        maximum: the highest value in its own unit, None where not known.
        readable: it can be placed and scaled.
    """

    uid: str
    units: str
    type: str
    summation: str
    plan_uids: tuple[str, ...]
    parts: tuple[tuple[int | None, frozenset[int], frozenset[int]], ...] = ()
    comment: str = ""
    maximum: float | None = None
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """Doses of which one DVH per ROI is made, added where there are several.

    Attributes:
        kind: 'plan' (one dose of the whole plan), 'sum' (beams or fraction groups added up
            to the whole plan), 'plan sum' (one dose of several plans).
        dose_uids: SOP Instance UIDs, sorted.
        summation: 'PLAN', 'MULTI_PLAN', or what is added: 'BEAM', 'FRACTION', 'BRACHY'.
        type: 'PHYSICAL' or 'EFFECTIVE' (Gy(RBE)).
        scale: Gy per unit of the dose: 1 for Gy.
    """

    kind: ChoiceKind
    dose_uids: tuple[str, ...]
    summation: str
    type: str
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of the doses of a plan.

    Attributes:
        choices: DVHs are made of each; several PLAN doses stand side by side.
        waiting: what is missing before a sum can be made, in words.
        passed: (SOP Instance UID, why it is not used, in words).
        findings: what people should look at.
    """

    choices: tuple[Choice, ...]
    waiting: tuple[str, ...]
    passed: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...] = ()


def plan_facts(plan: Plan, prescription_gy: float | None = None) -> PlanFacts:
    """Facts of a plan; the prescription is the one given, else the plan's own leading one."""
    treating = {beam.number for beam in plan.treatment_beams}
    groups = tuple(
        GroupFacts(
            group.number,
            frozenset(ref.number for ref in group.beams if ref.number in treating),
            frozenset(group.brachy_setups),
        )
        for group in plan.fraction_groups
    )
    own = plan.prescription.dose_gy if plan.prescription else None
    return PlanFacts(plan.sop_instance_uid, groups, prescription_gy or own, plan.fractions)


def dose_facts(info: DoseInfo, plan_uid: str = "", maximum: float | None = None) -> DoseFacts:
    """Facts of a dose as far as it is of one plan ('' takes whichever it names)."""
    parts = tuple(
        (group.number, frozenset(group.beams), frozenset(group.brachy_setups))
        for plan in info.plans
        if not plan_uid or plan.sop_instance_uid == plan_uid
        for group in plan.fraction_groups
    )
    return DoseFacts(
        uid=info.sop_instance_uid,
        units=info.units,
        type=info.type or "PHYSICAL",
        summation=info.summation,
        plan_uids=tuple(dict.fromkeys(plan.sop_instance_uid for plan in info.plans)),
        parts=parts,
        comment=info.comment,
        maximum=maximum,
        readable=info.geometry is not None and info.scaling is not None,
    )


def choose(plan: PlanFacts, doses: Iterable[DoseFacts]) -> Decision:
    """Decide over the doses that refer to a plan; the order in which they are given does not matter."""
    passed: list[tuple[str, str]] = []
    findings: list[Finding] = []
    whole: list[Choice] = []
    sums: list[Choice] = []
    parts: list[DoseFacts] = []
    for dose in sorted(doses, key=lambda one: one.uid):
        why = _unusable(dose, plan)
        if why:
            passed.append((dose.uid, why))
        elif len(dose.plan_uids) > 1 or dose.summation == "MULTI_PLAN":
            sums.append(Choice("plan sum", (dose.uid,), "MULTI_PLAN", dose.type, _scale(dose, plan) or 1.0))
        elif dose.summation == "PLAN" or not dose.summation:
            findings += [] if dose.summation else [Finding("dose-no-summation", dose.uid)]
            scale = _scale(dose, plan) or 1.0
            whole.append(Choice("plan", (dose.uid,), "PLAN", dose.type, scale))
            findings += judge_total(_gy(dose, scale), plan.prescription_gy, plan.fractions)
        else:
            parts.append(dose)
    waiting: list[str] = []
    if whole:
        passed += [(dose.uid, "The dose of the whole plan is there.") for dose in parts]
    else:
        for kind in sorted({dose.type for dose in parts}):
            made = _summed(plan, [dose for dose in parts if dose.type == kind], waiting, passed)
            whole += [made] if made else []
    return Decision((*whole, *sums), tuple(waiting), tuple(passed), tuple(findings))


def judge_total(
    maximum_gy: float | None, prescription_gy: float | None, fractions: int | None
) -> list[Finding]:
    """Is a total dose in keeping with its prescription? Empty, or one finding."""
    if not maximum_gy or not prescription_gy:
        return []
    ratio = maximum_gy / prescription_gy
    if fractions and fractions > 1 and 0.7 <= ratio * fractions <= 1.6:
        return [Finding("dose-per-fraction")]
    if not 0.5 <= ratio <= 2.0:
        return [Finding("dose-far-from-prescription")]
    return []


def _unusable(dose: DoseFacts, plan: PlanFacts) -> str:
    """Why a dose can never be used; empty where it can."""
    if dose.type == "ERROR":
        return "It holds a dose error, not a dose."
    if dose.units not in ("GY", "RELATIVE") or re.search(r"\bLETd?\b", dose.comment, re.IGNORECASE):
        return "It does not hold a dose that a DVH can be made of."
    if not dose.readable:
        return "It cannot be placed or scaled."
    if not dose.summation and (_beams(dose) or _setups(dose)):
        return "It names beams and does not say how they are summed."
    if dose.summation not in ("PLAN", "MULTI_PLAN", "BEAM", "FRACTION", "BRACHY", ""):
        return f"Its summation type is {dose.summation}."
    if dose.units == "RELATIVE" and _scale(dose, plan) is None:
        return "It is relative, and there is no prescription to relate it to."
    return ""


def gy_per_unit(units: str, maximum: float | None, prescription_gy: float | None) -> float | None:
    """Gy per unit of a dose; None for a relative one without prescription.

    A relative dose is a fraction or per cent of the prescription, told by its highest value: the
    Standard gives no unit for it (PS3.3, C.8.8.3, Dose Units).
    """
    if units != "RELATIVE":
        return 1.0
    if not prescription_gy or maximum is None:
        return None
    return prescription_gy / (100.0 if maximum > 5.0 else 1.0)


def _scale(dose: DoseFacts, plan: PlanFacts) -> float | None:
    return gy_per_unit(dose.units, dose.maximum, plan.prescription_gy)


def _gy(dose: DoseFacts, scale: float) -> float | None:
    return None if dose.maximum is None else dose.maximum * scale


def _summed(
    plan: PlanFacts, doses: list[DoseFacts], waiting: list[str], passed: list[tuple[str, str]]
) -> Choice | None:
    """The sum of parts that make up the whole plan; else what it waits for."""
    by_group: dict[int | None, list[DoseFacts]] = defaultdict(list)
    for dose in doses:
        number = _group_of(dose, plan)
        if number is None:
            passed.append((dose.uid, "It does not say which fraction group or beams it is of."))
        else:
            by_group[number].append(dose)
    if not by_group:
        return None
    if any(group.beams for group in plan.groups) and any(group.setups for group in plan.groups):
        waiting.append("external beams and brachytherapy are never added")
        return None
    lacks = [lack for group in plan.groups for lack in _lacks(group, by_group[group.number], plan)]
    if lacks or not plan.groups:
        waiting += lacks or ["waiting for the plan's fraction groups"]
        return None
    used = {dose.uid: dose for group in plan.groups for dose in _used(by_group[group.number])}
    spare = {dose.uid for some in by_group.values() for dose in some} - used.keys()
    passed += [(uid, "The dose of its fraction group is there.") for uid in sorted(spare)]
    scales = {_scale(dose, plan) for dose in used.values()}
    kinds = sorted({dose.summation for dose in used.values()})
    if len(scales) > 1:
        waiting.append("the doses to be added are in different units")
        return None
    return Choice("sum", tuple(sorted(used)), "+".join(kinds), doses[0].type, scales.pop() or 1.0)


def _group_of(dose: DoseFacts, plan: PlanFacts) -> int | None:
    """The fraction group a part is of. One that names none is of the only group, if it can be told."""
    known = {group.number for group in plan.groups if group.number is not None}
    named = {number for number, _, _ in dose.parts if number is not None}
    if not named and len(known) == 1 and (dose.parts or dose.summation == "FRACTION"):
        named = known
    if len(named) != 1 or not named <= known:
        return None
    if dose.summation != "FRACTION" and not (_beams(dose) or _setups(dose)):
        return None
    return named.pop()


def _used(doses: list[DoseFacts]) -> list[DoseFacts]:
    """A dose of the whole fraction group wins over those of its beams."""
    return [dose for dose in doses if dose.summation == "FRACTION"] or doses


def _lacks(group: GroupFacts, doses: list[DoseFacts], plan: PlanFacts) -> list[str]:
    """What a fraction group waits for; empty where its doses are complete and each there once."""
    of_group = f" of fraction group {group.number}" if len(plan.groups) > 1 else ""
    fractions = [dose for dose in doses if dose.summation == "FRACTION"]
    if len(fractions) > 1:
        return [f"there are several doses of fraction group {group.number}"]
    if fractions:
        return []
    if not doses:
        return [f"waiting for fraction group {group.number}"]
    wanted, word, numbers = group.beams, "beam", [n for dose in doses for n in _beams(dose)]
    if group.setups:
        wanted, word = group.setups, "brachytherapy setup"
        numbers = [n for dose in doses for n in _setups(dose)]
    lacks = [f"waiting for {word} {n}{of_group}" for n in sorted(wanted - set(numbers))]
    lacks += [f"{word} {n}{of_group} is there twice" for n in sorted(set(numbers)) if numbers.count(n) > 1]
    lacks += [f"{word} {n} is none of the plan's{of_group}" for n in sorted(set(numbers) - wanted)]
    return lacks


def _beams(dose: DoseFacts) -> frozenset[int]:
    return frozenset().union(*(beams for _, beams, _ in dose.parts))


def _setups(dose: DoseFacts) -> frozenset[int]:
    return frozenset().union(*(setups for _, _, setups in dose.parts))
