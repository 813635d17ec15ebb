"""Stored DVHs as the science and the pages use them.

Comes in: a row of Dvh. Goes out: the DVH with its curve unpacked, the metrics that pages show, and
few enough points to draw it by.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planbank.catalogue.models import Dvh, TpsDvh
from planbank.catalogue.models.dvh import DvhNumbers
from planbank.dose import axis, engine
from planbank.dose.curve import unpack, volume_at
from planbank.dose.metrics import Metric, MetricValue, evaluate, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

METRICS: dict[str, Metric] = {name: parse(name) for name in ("D95%", "D2cc", "D0.03cc")}
"""What the table of a plan shows beside volume, mean and maximum."""

PLAIN: dict[str, Metric] = {name: parse(name) for name in ("Volume", "Dmean", "Dmax")}
"""What stands in columns of its own; asked as metrics for their +/-."""

MOST_POINTS = 400


@dataclass(frozen=True)
class Points:
    """A curve to draw: doses in Gy, and % of the whole volume that get at least that."""

    doses: NDArray[np.float64]
    percent: NDArray[np.float64]


def dvh_of(row: Dvh) -> engine.Dvh:
    """The stored DVH of one ROI as the science knows it. The row carries its `roi`."""
    roi = row.roi
    return replace(numbers_of(row), number=roi.number, name=roi.name, parameters=row.parameters)


def numbers_of(row: DvhNumbers) -> engine.Dvh:
    """A stored DVH, of whatever it is; without curve where that was not read."""
    read = "curve" not in row.get_deferred_fields() and row.curve is not None
    return engine.Dvh(
        number=0,
        name="",
        dose_uids=(),
        volume_cc=row.volume_cc or 0.0,
        outside_cc=row.outside_cc or 0.0,
        min_gy=row.min_gy,
        mean_gy=row.mean_gy,
        max_gy=row.max_gy,
        curve=unpack(row.curve) if read else np.zeros(1),
        edge_gy=row.edge_gy,
        flags=tuple(row.flags),
        algorithm=row.algorithm,
    )


def metrics_of(dvh: engine.Dvh, names: Iterable[str] = METRICS) -> dict[str, MetricValue]:
    """The metrics of METRICS; each says why where it has no value or depends on what lies outside."""
    return {name: evaluate(METRICS[name], dvh) for name in names}


def plus_minus_of(dvh: engine.Dvh) -> dict[str, float | None]:
    """The uncertainty of every number shown: of METRICS and PLAIN, in the unit of its value."""
    return {name: evaluate(one, dvh).plus_minus for name, one in {**PLAIN, **METRICS}.items()}


def points_of(dvh: engine.Dvh, to_gy: float, most: int = MOST_POINTS) -> Points | None:
    """At most `most` points of a curve, for a plot from 0 to `to_gy` and 0 to 100 %.

    None where there is nothing to draw. Points stand equally far apart along the curve, across and
    down counted together: whatever the curve does in between, the straight line from one to the next
    stays within three thousandths of the plot of it, a pixel or so at the steepest place.
    """
    if dvh.volume_cc <= 0 or dvh.max_gy is None or to_gy <= 0:
        return None
    doses = axis.doses(len(dvh.curve))
    percent = 100.0 * dvh.curve / dvh.volume_cc
    steps = np.diff(doses) / to_gy + np.abs(np.diff(percent)) / 100.0
    kept = _evenly(steps, most)
    return Points(doses[kept], percent[kept])


def tps_points(row: TpsDvh, most: int = MOST_POINTS) -> Points:
    """The planning system's curve for a plot, thinned like ours."""
    doses, percent = np.split(unpack(row.curve), 2)
    steps = np.diff(doses) / max(float(doses[-1]), 1e-9) + np.abs(np.diff(percent)) / 100.0
    kept = _evenly(steps, most)
    return Points(doses[kept], percent[kept])


def percents_at(dvh: engine.Dvh, doses: Iterable[float]) -> list[float | None]:
    """% of the whole volume that get at least each of `doses` (Gy), from the whole curve."""
    found = [volume_at(dvh, gy).value if dvh.volume_cc > 0 else None for gy in doses]
    return [None if cc is None else 100.0 * cc / dvh.volume_cc for cc in found]


def _evenly(steps: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Which of len(steps) + 1 points to keep: no two neighbours further apart than need be.

    A jump longer than a whole portion keeps both its ends.
    """
    if len(steps) < most:
        return np.arange(len(steps) + 1)
    way = np.concatenate(([0.0], np.cumsum(steps)))
    portions = most - 1 - int((steps > way[-1] / (most - 1)).sum())
    portions = max(portions, most // 2 - 1)
    wanted = np.linspace(0.0, way[-1], portions + 1)
    ends = np.searchsorted(way, wanted, side="left")
    jumps = np.flatnonzero(steps > way[-1] / portions)
    return np.unique(np.concatenate((ends, jumps)))
