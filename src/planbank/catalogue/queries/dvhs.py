"""The stored DVHs of a plan set.

Comes in: a plan set that the policy has let through. Goes out: its calculations, and the DVHs of
one of them with their ROIs, newest algorithm only; older ones stay in the table (R76).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planbank.catalogue.models import Calculation, Dvh, Roi, TpsDvh

if TYPE_CHECKING:
    from planbank.catalogue.models import PlanSet


def calculations_of(plan_set: PlanSet) -> list[Calculation]:
    """Each structure set with each chosen dose, in the order in which they are offered. Two queries."""
    rows = plan_set.calculations.select_related("structure_set__version", "chosen_dose")
    return list(rows.prefetch_related("chosen_dose__versions").order_by("pk"))


def dvhs_of(calculation: Calculation) -> dict[int, Dvh]:
    """ROI row -> its DVH of the newest algorithm. One query."""
    rows = Dvh.objects.filter(calculation=calculation, algorithm=calculation.algorithm)
    return {row.roi_id: row for row in rows.select_related("roi")}


def tps_dvhs_of(calculation: Calculation) -> dict[int, TpsDvh]:
    """ROI row -> the planning system's own DVH beside ours. One query."""
    return {row.roi_id: row for row in TpsDvh.objects.filter(calculation=calculation)}


def rois_of(structure_sets: list[int]) -> list[Roi]:
    """All ROIs of structure sets, by number."""
    return list(Roi.objects.filter(structure_set__in=structure_sets).order_by("structure_set", "number"))
