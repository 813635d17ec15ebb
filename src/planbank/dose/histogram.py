"""Volume over dose: every cell's volume is spread over the dose range within the cell.

Comes in: covered cells of a plane, the dose and gradient at their centroids, and how thick a
layer they stand for. Goes out: the cumulative curve. A cell counts with a uniform spread
whose mean and variance are those of the dose over its covered part, so that no stair steps
appear and the mean of a linear dose is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

from planbank.dose import axis
from planbank.dose.axis import place_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planbank.dose.coverage import Cells
    from planbank.dose.sampling import Samples

NARROW = 0.05
"""Least width of a cell's spread, in bins: a cell of one dose is a steep ramp, not a step."""


@dataclass(slots=True, eq=False)
class Histogram:
    """Collects volume. `bends` holds the second difference of the cumulative curve over the axis.

    Attributes:
        inside, outside: mm3 with and without dose.
        dose_volume: Gy mm3, for the exact mean.
        low, high: lowest and highest dose seen (Gy).
    """

    bends: NDArray[np.float64]
    inside: float = 0.0
    outside: float = 0.0
    dose_volume: float = 0.0
    low: float = np.inf
    high: float = -np.inf

    @classmethod
    def up_to(cls, dose: float) -> Histogram:
        """A histogram whose axis reaches `dose` in Gy."""
        return cls(np.zeros(axis.length_for(dose * 1.01 + 1.0)))

    def add(
        self,
        cells: Cells,
        samples: Samples,
        thickness: NDArray[np.float64],
        maps: NDArray[np.float64],
        factors: NDArray[np.float64],
    ) -> None:
        """Add the cells of a plane, sampled at m layers (see `planbank.dose.shape.Layers`)."""
        inside, outside, weighted, low, high = _spread(
            self.bends,
            cells.area,
            cells.xx,
            cells.xy,
            cells.yy,
            samples.dose,
            samples.gradient,
            samples.inside,
            thickness,
            maps,
            factors,
        )
        self.inside += inside
        self.outside += outside
        self.dose_volume += weighted
        self.low, self.high = min(self.low, low), max(self.high, high)

    def see(self, samples: Samples) -> None:
        """Let doses at the drawn points widen the extremes."""
        seen = samples.dose[samples.inside]
        if len(seen):
            self.low = min(self.low, max(float(seen.min()), 0.0))
            self.high = max(self.high, float(seen.max()))

    def curve(self) -> NDArray[np.float64]:
        """cc that receive at least the dose of each place; ends with the first place above the highest."""
        if self.inside <= 0.0:
            return np.zeros(1)
        below = np.cumsum(np.concatenate(([0.0], np.cumsum(self.bends)[:-1])))
        curve = np.clip(self.inside - below, 0.0, self.inside)
        curve = np.minimum.accumulate(curve)
        places = np.arange(len(curve))
        curve[places <= place_of(self.low)] = self.inside
        last = min(int(place_of(self.high)) + 1, len(curve) - 1)
        curve[last:] = 0.0
        return np.ascontiguousarray(curve[: last + 1]) / 1000.0


@numba.njit(cache=True, nogil=True)
def _spread(
    bends: NDArray[np.float64],
    area: NDArray[np.float64],
    xx: NDArray[np.float64],
    xy: NDArray[np.float64],
    yy: NDArray[np.float64],
    dose: NDArray[np.float64],
    gradient: NDArray[np.float64],
    inside: NDArray[np.bool_],
    thickness: NDArray[np.float64],
    maps: NDArray[np.float64],
    factors: NDArray[np.float64],
) -> tuple[float, float, float, float, float]:
    within, without, weighted, low, high = 0.0, 0.0, 0.0, np.inf, -np.inf
    count = len(area)
    k, m = -1, 0
    for at in range(len(dose)):
        k += 1
        if k == count:
            k, m = 0, m + 1
        volume = area[k] * factors[m]
        if not inside[at]:
            without += volume
            continue
        d = max(dose[at], 0.0)
        # the gradient as the cell saw it before it was carried to its layer
        gx = gradient[at, 0] * maps[m, 0] + gradient[at, 1] * maps[m, 2]
        gy = gradient[at, 0] * maps[m, 1] + gradient[at, 1] * maps[m, 3]
        rise = gradient[at, 2] * thickness[m]
        variance = gx * gx * xx[k] + 2.0 * gx * gy * xy[k] + gy * gy * yy[k] + rise * rise / 12.0
        half = np.sqrt(3.0 * max(variance, 0.0))
        within += volume
        weighted += volume * d
        low, high = min(low, d), max(high, d)
        _ramp(bends, place_of(max(d - half, 0.0)), place_of(d + half), volume)
    return within, without, weighted, low, high


@numba.njit(cache=True, nogil=True)
def _ramp(bends: NDArray[np.float64], start: float, stop: float, volume: float) -> None:
    """Volume spread evenly between two places: a bend up at one and down at the other."""
    if stop - start < NARROW:
        middle = 0.5 * (start + stop)
        start = max(middle - 0.5 * NARROW, 0.0)
        stop = start + NARROW
    slope = volume / (stop - start)
    last = len(bends) - 2
    i = min(int(start), last)
    bends[i] += slope * (1.0 - (start - i))
    bends[i + 1] += slope * (start - i)
    i = min(int(stop), last)
    bends[i] -= slope * (1.0 - (stop - i))
    bends[i + 1] -= slope * (stop - i)
