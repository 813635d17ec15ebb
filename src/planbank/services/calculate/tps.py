"""Our DVHs beside those the planning system stored in its RT dose (R82).

Comes in: a calculation with its objects and results. Goes out: one TpsDvh row per ROI that both have.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from planbank.catalogue.models import Calculation, Plan, Roi, TpsDvh
from planbank.dicom.dose_grid import DoseGrid
from planbank.dicom.stored_dvh import stored_dvhs
from planbank.dicom.structure_set import StructureSet
from planbank.dose import engine
from planbank.dose.comparison import Compared, compare
from planbank.dose.curve import pack
from planbank.services.analyse.facts import clean


def keep_comparison(
    row: Calculation,
    structure_set: StructureSet,
    grids: Sequence[DoseGrid],
    bytes_of: Sequence[tuple[bytes, str]],
    results: Sequence[engine.Dvh],
) -> None:
    """Compare and store; rows of ROIs that cannot be compared any more are taken away."""
    found = None
    if len(bytes_of) == 1 and _is_of(structure_set, grids[0]):
        found = compare(stored_dvhs(*bytes_of[0]), results, _prescription(row))
    rois = {roi.number: roi for roi in Roi.objects.filter(structure_set=row.structure_set)}
    compared = [one for one in found.rois if one.number in rois] if found else []
    percent_of = found.percent_of_gy if found else None
    TpsDvh.objects.filter(calculation=row).exclude(roi__number__in=[c.number for c in compared]).delete()
    TpsDvh.objects.bulk_create(
        [
            TpsDvh(
                calculation=row,
                roi=rois[one.number],
                algorithm=engine.ALGORITHM,
                curve=pack(np.concatenate((one.doses, one.percent))),
                pairs=clean(_pairs(one)),
                beyond=bool(one.beyond),
                percent_of_gy=percent_of,
            )
            for one in compared
        ],
        update_conflicts=True,
        unique_fields=["calculation", "roi"],
        update_fields=["algorithm", "curve", "pairs", "beyond", "percent_of_gy"],
    )


def _is_of(structure_set: StructureSet, grid: DoseGrid) -> bool:
    """ROI Numbers mean nothing in another structure set; a dose that names none goes with its plan."""
    named = grid.info.structure_set_uids
    return not named or structure_set.sop_instance_uid in named


def _prescription(row: Calculation) -> float | None:
    uids = row.plan_sets.values_list("sop_instance_uid", flat=True)
    plans = Plan.objects.filter(version__sop_instance_uid__in=uids, version__current_in__isnull=False)
    return plans.exclude(prescription_gy=None).values_list("prescription_gy", flat=True).first()


def _pairs(one: Compared) -> dict[str, list[float | bool | None]]:
    return {name: [pair.ours, pair.theirs, pair.beyond] for name, pair in one.pairs.items()}
