"""Where our DVHs and those of the planning system differ, as findings (R82).

Comes in: a plan set. Goes out: findings about what is beyond tolerance, withdrawn when its dose is replaced.
"""

from __future__ import annotations

from planbank.catalogue.findings import Wanted, settle
from planbank.catalogue.models import PlanSet, TpsDvh
from planbank.house import House

NAMES = {"volume": "V", "mean": "Dmean", "d95": "D95%", "d2": "D2%", "max": "Dmax"}
LONGEST = 200


def settle_comparisons(house: House, plan_set: PlanSet) -> None:
    """Make the findings of a plan set about stored DVHs what its calculations say now."""
    rows = (
        TpsDvh.objects.filter(calculation__plan_sets=plan_set).select_related("roi").order_by("roi__number")
    )
    found = []
    references = {row.percent_of_gy for row in rows} - {None}
    if references:
        params = {"reference": min(reference for reference in references if reference is not None)}
        found.append(Wanted("plan set", plan_set.pk, "tps-dvh-not-in-its-unit", params=params))
    beyond = [row for row in rows if row.beyond]
    if beyond:
        said = ", ".join(f"{row.roi.name} ({_beyond(row)})" for row in beyond)
        about = said if len(said) <= LONGEST else f"{said[: LONGEST - 3]}..."
        found.append(Wanted("plan set", plan_set.pk, "tps-dvh-differs", about, {"count": len(beyond)}))
    settle(plan_set.patient_file_id, f"tps:{plan_set.pk}", found, house.clock.now())


def _beyond(row: TpsDvh) -> str:
    return " ".join(NAMES[name] for name, pair in row.pairs.items() if pair[2])
