"""What many plans say together: quartiles of metrics, bands of DVHs, small groups kept back (R51, R77).

Comes in: numbers by group. Goes out: counts and percentiles. Pure. A group of fewer than five patients is
not told to somebody who sees summaries only; where it alone were missing, the next smallest goes with it, so
that nobody can find it as the difference to the total.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planbank.dose import axis

LEAST = 5
BAND = (5.0, 25.0, 50.0, 75.0, 95.0)


@dataclass(frozen=True)
class Spread:
    """How values lie: `count` of them, quartiles, and the ends."""

    count: int
    low: float
    lower: float
    median: float
    upper: float
    high: float
    mean: float


def spread_of(values: Sequence[float]) -> Spread | None:
    """The spread of values; None of none."""
    if not values:
        return None
    low, lower, median, upper, high = (float(x) for x in np.percentile(values, (0, 25, 50, 75, 100)))
    return Spread(len(values), low, lower, median, upper, high, float(np.mean(values)))


def told(patients: Mapping[str, int], least: int = LEAST) -> frozenset[str]:
    """The groups that may be told: all of `least` patients and more, and none that gives another away."""
    hidden = {group for group, count in patients.items() if 0 < count < least}
    shown = {group for group, count in patients.items() if count >= least}
    if len(hidden) == 1 and shown:
        shown.discard(min(shown, key=lambda group: (patients[group], group)))
    return frozenset(shown)


def resampled(
    curve: NDArray[np.float64], volume_cc: float, doses: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A cumulative curve (cc on planbank.dose.axis) in % of the whole volume at `doses` (Gy)."""
    places = axis.doses(len(curve))
    return np.interp(doses, places, 100.0 * curve / volume_cc, right=0.0)


def band_of(curves: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """(5, n): at each dose the percentiles BAND of the volumes of all curves, in %."""
    return np.asarray(np.percentile(np.stack(curves), BAND, axis=0))
