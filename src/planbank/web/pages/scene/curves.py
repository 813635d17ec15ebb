"""The stored DVHs of a plan set for the viewer: never made anew, the digits of the API (ui.md, check 9).

Comes in: a sheet, structures and doses of the document. Goes out: one row a DVH, its curve thinned as on the
page of the plan: every point is one of the API's, with its digits.
"""

from __future__ import annotations

from typing import Any

from planbank.catalogue.curves import METRICS, dvh_of, metrics_of, points_of
from planbank.catalogue.models import Calculation, Dvh
from planbank.catalogue.queries.dvhs import dvhs_of
from planbank.web.pages.plan.sheet import Sheet

STATS = {"D95%": "d95_gy", "D2cc": "d2cc_gy", "D0.03cc": "d003cc_gy"}


def curves_of(
    sheet: Sheet, structures: list[dict[str, Any]], doses: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Every stored DVH of every calculation; ROIs are told which of them have one."""
    for one in structures:
        for roi in one["rois"]:
            roi |= {"dvh": False, "volume_cc": None}
    by_set = {one["id"]: one for one in reversed(structures) if one["id"] is not None}
    by_dose = {one["id"]: one["key"] for one in doses if one["id"] is not None}
    found = []
    for option in sheet.options:
        row = option.calculation
        dose, drawn = by_dose.get(row.chosen_dose_id), by_set.get(row.structure_set_id)
        if dose is not None and drawn is not None and row.calculated_at is not None:
            found += _of_calculation(row, drawn, dose)
    return found


def _of_calculation(row: Calculation, drawn: dict[str, Any], dose: str) -> list[dict[str, Any]]:
    stored = dvhs_of(row).values()
    to_gy = max((dvh.max_gy or 0.0 for dvh in stored), default=0.0)
    rois = {roi["number"]: roi for roi in drawn["rois"]}
    found = []
    for dvh in stored:
        roi = rois.get(dvh.roi.number)
        if roi is not None:
            roi |= {"dvh": True, "volume_cc": dvh.volume_cc}
            whose = {"structures": drawn["key"], "roi": dvh.roi.number, "dose": dose}
            found.append({**whose, **_curve(dvh, to_gy)})
    return found


def _curve(row: Dvh, to_gy: float) -> dict[str, Any]:
    dvh = dvh_of(row)
    points = points_of(dvh, to_gy * 1.0001)
    metrics = metrics_of(dvh, METRICS)
    return {
        "gy": [round(float(gy), 4) for gy in points.doses] if points else [],
        "cc": [round(float(pc) * dvh.volume_cc / 100, 5) for pc in points.percent] if points else [],
        "percent": [round(float(pc), 3) for pc in points.percent] if points else [],
        "stats": {
            "volume_cc": row.volume_cc,
            "outside_cc": row.outside_cc,
            "min_gy": row.min_gy,
            "mean_gy": row.mean_gy,
            "max_gy": row.max_gy,
            **{STATS[name]: metrics[name].value for name in STATS},
        },
        "flags": list(row.flags),
        "algorithm": row.algorithm,
    }
