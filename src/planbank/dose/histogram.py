"""Volume over dose: every cell's volume is spread over the dose range within the cell.

Comes in: covered cells of a plane, the dose and gradient at their centroids, and how thick a
layer they stand for. Goes out: the cumulative curve. A cell counts with an even spread
whose mean and variance are those of the dose over its covered part, so that no stair steps
appear and the mean of a linear dose is exact. Where the dose changes along the normal as well as
in the plane, both spreads are added (a trapezium), so that the hottest corner is not rounded off.
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

FLAT = 0.1
"""The lesser of a cell's two spreads counts apart where it is at least this part of the greater."""

LEAST = 2.0 * axis.BIN
"""Gy; a lesser spread below it does not count apart."""

NARROW = 0.05
"""Least width of a cell's spread, in bins: a cell of one dose is a steep ramp, not a step."""


@dataclass(slots=True, eq=False)
class Histogram:
    """Collects volume.

    Attributes:
        bends, kinks: second and third differences of the cumulative curve over the axis, to be added.
        inside, outside: mm3 with and without dose.
        dose_volume: Gy mm3, for the exact mean.
        low, high: lowest and highest dose seen (Gy).
    """

    bends: NDArray[np.float64]
    kinks: NDArray[np.float64]
    inside: float = 0.0
    outside: float = 0.0
    dose_volume: float = 0.0
    low: float = np.inf
    high: float = -np.inf

    @classmethod
    def up_to(cls, dose: float) -> Histogram:
        """A histogram whose axis reaches `dose` in Gy."""
        count = axis.length_for(dose * 1.01 + 1.0)
        return cls(np.zeros(count), np.zeros(count))

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
            self.kinks,
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
        low, high = _range(samples.dose, samples.inside)
        self.low, self.high = min(self.low, max(low, 0.0)), max(self.high, high)

    def curve(self) -> NDArray[np.float64]:
        """cc that receive at least the dose of each place; ends with the first place above the highest."""
        if self.inside <= 0.0:
            return np.zeros(1)
        slopes = np.cumsum(self.bends + np.concatenate(([0.0], np.cumsum(self.kinks)[:-1])))
        below = np.cumsum(np.concatenate(([0.0], slopes[:-1])))
        curve = np.clip(self.inside - below, 0.0, self.inside)
        curve = np.minimum.accumulate(curve)
        places = np.arange(len(curve))
        curve[places <= place_of(self.low)] = self.inside
        last = min(int(place_of(self.high)) + 1, len(curve) - 1)
        curve[last:] = 0.0
        return np.ascontiguousarray(curve[: last + 1]) / 1000.0


@numba.njit(cache=True, nogil=True)
def _range(dose: NDArray[np.float64], inside: NDArray[np.bool_]) -> tuple[float, float]:
    low, high = np.inf, -np.inf
    for k in range(len(dose)):
        if inside[k]:
            low, high = min(low, dose[k]), max(high, dose[k])
    return low, high


@numba.njit(cache=True, nogil=True)
def _spread(
    bends: NDArray[np.float64],
    kinks: NDArray[np.float64],
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
        half = 0.5 * abs(gradient[at, 2]) * thickness[m]
        wide = np.sqrt(3.0 * max(gx * gx * xx[k] + 2.0 * gx * gy * xy[k] + gy * gy * yy[k], 0.0))
        within += volume
        weighted += volume * d
        low, high = min(low, d), max(high, d)
        if half > wide:
            half, wide = wide, half
        if half < FLAT * wide or half < LEAST or d < wide + half or d + wide + half > axis.LINEAR_TO:
            wide = np.sqrt(wide * wide + half * half)
            _ramp(bends, place_of(max(d - wide, 0.0)), place_of(d + wide), volume)
        else:
            _trapezium(kinks, d / axis.BIN, wide / axis.BIN, half / axis.BIN, volume)
    return within, without, weighted, low, high


@numba.njit(cache=True, nogil=True)
def _trapezium(kinks: NDArray[np.float64], middle: float, wide: float, narrow: float, volume: float) -> None:
    """Volume spread as the sum of two even spreads (half widths in bins, about `middle`)."""
    size = volume / (4.0 * wide * narrow)
    last = len(kinks) - 2
    outer, inner = wide + narrow, wide - narrow
    for place, part in (
        (middle - outer, size),
        (middle - inner, -size),
        (middle + inner, -size),
        (middle + outer, size),
    ):
        i = min(int(place), last)
        kinks[i] += part * (1.0 - (place - i))
        kinks[i + 1] += part * (place - i)


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
