"""The doses of several plans as one: whether they can be added, and the calculation of their sum.

Comes in: a decision. Goes out: an `Addition`, with doses and Gy per unit of each, or why they are not added
(model.md: on one frame of reference; never PHYSICAL with EFFECTIVE, never external beams with brachytherapy).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from planbank.analysis.decide import Decision
from planbank.catalogue.models import (
    Calculation,
    ChosenDose,
    Dose,
    InstanceVersion,
    Plan,
    PlanSet,
    StructureSet,
)
from planbank.catalogue.models.plan_set import Role

SUMMATION = "PLANS"


@dataclass(frozen=True)
class Addition:
    """What is added. `wrong`: a key of planbank.analysis.words.CANNOT_ADD; then nothing is."""

    wrong: str = ""
    structure_set: int = 0
    type: str = ""
    weights: dict[str, float] = field(default_factory=dict)
    versions: tuple[InstanceVersion, ...] = ()
    prescription_gy: float | None = None
    fractions: int | None = None

    @property
    def fingerprint(self) -> str:
        """As of every chosen dose: the same objects added the same way, once for the whole bank."""
        parts = ",".join(f"{content}*{scale!r}" for content, scale in sorted(self.weights.items()))
        return hashlib.sha256(f"plans:{self.type}:{parts}".encode()).hexdigest()


def addition_of(decision: Decision) -> Addition:
    """The sum that a decision asks for."""
    plan_sets = PlanSet.objects.in_bulk(decision.plan_sets)
    weights: dict[str, float] = {}
    versions: dict[int, InstanceVersion] = {}
    types: set[str] = set()
    for pk in decision.plan_sets:
        plan_set = plan_sets[pk]
        share = _share(plan_set, decision.fractions.get(pk))
        if share is None:
            return Addition("fractions")
        doses = {row.chosen_dose for row in _own(plan_set)}
        if len(doses) != 1:
            return Addition("several-doses" if doses else "no-dose")
        (chosen,) = doses
        its = list(chosen.versions.all())
        for version, scale in zip(its, chosen.scales(its), strict=True):
            weights[version.content_hash] = weights.get(version.content_hash, 0.0) + scale * share
            versions[version.pk] = version
        types.add(chosen.type)
    structure_set = _structure_set(plan_sets[decision.structures])
    wrong = _wrong(types, list(plan_sets.values()), structure_set, list(versions.values()))
    if wrong or structure_set is None:
        return Addition(wrong)
    doses_gy = [_part(row.prescription_gy, row, decision) for row in plan_sets.values()]
    counts = [decision.fractions.get(row.pk, row.fractions) for row in plan_sets.values()]
    return Addition(
        structure_set=structure_set.pk,
        type=types.pop(),
        weights=weights,
        versions=tuple(versions[pk] for pk in sorted(versions)),
        prescription_gy=None if None in doses_gy else sum(gy for gy in doses_gy if gy is not None),
        fractions=None if None in counts else sum(n for n in counts if n is not None),
    )


def calculation_of(addition: Addition) -> Calculation | None:
    """The calculation of a sum; None where it has not been made due yet."""
    rows = Calculation.objects.filter(structure_set=addition.structure_set)
    return rows.select_related("chosen_dose").filter(chosen_dose__fingerprint=addition.fingerprint).first()


def calculation_made(addition: Addition) -> Calculation:
    """The same, made where there is none yet."""
    chosen, made = ChosenDose.objects.get_or_create(
        fingerprint=addition.fingerprint,
        defaults={
            "summation": SUMMATION,
            "type": addition.type,
            "is_plan_sum": True,
            "weights": addition.weights,
        },
    )
    if made:
        chosen.versions.set(addition.versions)
    return Calculation.objects.get_or_create(structure_set_id=addition.structure_set, chosen_dose=chosen)[0]


def patient_files_of(calculation: Calculation) -> set[int]:
    """Of the plans that ask for a calculation, for themselves or as the sum that stands for them."""
    sums = calculation.plan_sums.values_list("plan_set__patient_file", flat=True)
    return {*calculation.plan_sets.values_list("patient_file", flat=True), *sums}


def _own(plan_set: PlanSet) -> list[Calculation]:
    """The calculations of a plan's own dose; a sum made elsewhere is none."""
    rows = plan_set.calculations.filter(chosen_dose__is_plan_sum=False)
    return list(rows.select_related("chosen_dose").prefetch_related("chosen_dose__versions"))


def _share(plan_set: PlanSet, fractions: int | None) -> float | None:
    if fractions is None:
        return 1.0
    return fractions / plan_set.fractions if plan_set.fractions else None


def _part(gy: float | None, plan_set: PlanSet, decision: Decision) -> float | None:
    share = _share(plan_set, decision.fractions.get(plan_set.pk))
    return None if gy is None or share is None else gy * share


def _structure_set(plan_set: PlanSet) -> StructureSet | None:
    """The only structure set of a plan set."""
    members = plan_set.members.filter(role=Role.STRUCTURE_SET)
    rows = StructureSet.objects.filter(version__current_in__in=members.values("instance"))
    found = list(rows.distinct()[:2])
    return found[0] if len(found) == 1 else None


def _wrong(
    types: set[str],
    plan_sets: list[PlanSet],
    structure_set: StructureSet | None,
    versions: list[InstanceVersion],
) -> str:
    if structure_set is None:
        return "structures"
    if len(types) > 1:
        return "types"
    frames = {structure_set.frame_of_reference_uid}
    frames |= set(Dose.objects.filter(version__in=versions).values_list("frame_of_reference_uid", flat=True))
    if len(frames - {""}) > 1:
        return "frames"
    uids = [row.sop_instance_uid for row in plan_sets]
    plans = Plan.objects.filter(version__sop_instance_uid__in=uids, version__current_in__isnull=False)
    kinds = set(plans.values_list("kind", flat=True))
    return "brachy" if "brachy" in kinds and len(kinds) > 1 else ""
