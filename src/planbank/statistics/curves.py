"""The DVHs of one structure type over a protocol, ready to draw (R77).

Comes in: a desk, a type. Goes out: doses (Gy), bands of all plans and of each centre (% of volume), and
single curves with the plan they lead to; for whom sees summaries only the bands of five patients and more.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planbank.naming.queries.desk import Desk
from planbank.protocols.models import StructureType
from planbank.statistics.lines import Line, lines_of
from planbank.statistics.population import LEAST, band_of, resampled, told
from planbank.statistics.request import MetricRequest
from planbank.statistics.summary import ALL, LEFT_OUT

POINTS = 201
MOST_CURVES = 400
ENOUGH_FOR_ENDS = 20


def curves_of(desk: Desk, type_: StructureType, only_summary: bool) -> dict[str, Any]:
    """What the plot of one type draws."""
    lines = [
        line
        for line in lines_of(desk, MetricRequest((type_,), ()), with_curves=True)
        if line.dvh is not None
        and line.dvh.volume_cc > 0
        and line.dvh.max_gy
        and not LEFT_OUT.intersection(line.flags)
    ]
    top = max((line.dvh.max_gy or 0.0 for line in lines if line.dvh), default=0.0)
    doses = np.linspace(0.0, top, POINTS)
    groups: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    patients: dict[str, set[int]] = defaultdict(set)
    single: list[dict[str, Any]] = []
    for line in lines:
        assert line.dvh is not None
        curve = resampled(line.dvh.curve, line.dvh.volume_cc, doses)
        file = line.plan_set.patient_file
        for group in (ALL, file.institution.code):
            groups[group].append(curve)
            patients[group].add(file.patient_id or -file.pk)
        if not only_summary and len(single) < MOST_CURVES:
            single.append({**_who(line), "percent": np.round(curve, 2).tolist()})
    sizes = {group: len(its) for group, its in patients.items()}
    shown = set(groups)
    if only_summary:
        shown = set(told({k: v for k, v in sizes.items() if k != ALL}))
        shown |= {ALL} if sizes.get(ALL, 0) >= LEAST else set()
    return {
        "type": type_.name,
        "doses": np.round(doses, 3).tolist(),
        "bands": {
            group: {"n": sizes[group], "percent": _told_band(groups[group], only_summary)}
            for group in sorted(shown)
        },
        "curves": single,
        "plans": len(lines) if not only_summary else None,
    }


def _told_band(curves: list[NDArray[np.float64]], only_summary: bool) -> list[list[float]]:
    """The percentiles of BAND; of few plans the outer ones are nearly single patients, and are kept back."""
    band = band_of(curves)
    if only_summary and len(curves) < ENOUGH_FOR_ENDS:
        band[0], band[-1] = band[1], band[-2]
    rounded: list[list[float]] = np.round(band, 2).tolist()
    return rounded


def _who(line: Line) -> dict[str, Any]:
    return {
        "plan": line.plan_set.pk,
        "patient": line.plan_set.patient_file.sent_id,
        "centre": line.plan_set.patient_file.institution.code,
    }
