"""What a DVH leaves open: how far an ROI reaches beyond its last planes, its shape, its dose.

Comes in: layers and samples as a DVH is calculated. Goes out: `Doubt.facts`, few enough numbers to
be stored with the curve, from which `planbank.dose.uncertainty` gives every metric its +/-.

Three sources, taken as independent, each as a standard uncertainty:

* Ends. Where a flat end lies between its plane and the next is not known: evenly likely anywhere
  there, so its half slice is uncertain by itself over the root of three (FLAT). What a body's
  own taper tells is surer (TAPERED). Kept with the doses that tissue gets.
* Shape between planes: half of what the method changes beside plain half-slice prisms.
* Dose: half the difference of cubic and straight interpolation on the contours; the surface, known
  to a small part of the slice spacing, times the gradient there; and the curve's own bins.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planbank.dose.coverage import Cells
    from planbank.dose.sampling import Samples
    from planbank.dose.shape import Layers

QUANTILES = 17
"""Doses kept of the tissue at each end, evenly spread over its volume."""

OF_SHAPE = 0.5
OF_DOSE = 0.5

OF_PLACE = 0.025
"""Of the slice spacing: how far the surface between planes may lie from where it was put."""

OF_BINS = 0.01
"""Gy."""

OUTERMOST = 0.5
"""Doubt from which an end counts as flat."""

EVERY = 4
"""Of the contours' vertices, one in so many tells the difference of interpolations."""


@dataclass(slots=True, eq=False)
class Doubt:
    """Collects what is in doubt about one ROI.

    Attributes:
        ends: per side (-1 below, 1 above) pairs of doses (Gy) and uncertain volumes (mm3).
        squares, points: of the differences between interpolations (Gy2), and their number.
        steep: sum of squared gradients (Gy2/mm2) at the same points.
    """

    ends: dict[int, list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = field(
        default_factory=lambda: {-1: [], 1: []}
    )
    squares: float = 0.0
    points: int = 0
    steep: float = 0.0

    def at_ends(self, layers: Layers, cells: Cells, samples: Samples) -> None:
        """Take in the layers beyond end planes."""
        for side in (-1, 1):
            chosen = layers.side == side
            if not chosen.any():
                continue
            shape = (len(layers.side), len(cells.area))
            part, onward = _outermost(layers, np.nonzero(chosen)[0], side)
            inside = samples.inside.reshape(shape)[chosen]
            along = samples.gradient[:, 2].reshape(shape)[chosen]
            doses = samples.dose.reshape(shape)[chosen] + along * onward[:, None]
            volumes = (layers.factors[chosen] * part)[:, None] * cells.area[None, :]
            self.ends[side].append((doses[inside], volumes[inside]))

    def between_voxels(self, cubic: Samples, straight: Samples) -> None:
        """Take in how far two interpolations differ: `straight` is of every EVERY-th point of `cubic`."""
        both = straight.inside
        self.squares += float(((cubic.dose[::EVERY] - straight.dose)[both] ** 2).sum())
        self.steep += float((straight.gradient[both] ** 2).sum())
        self.points += int(both.sum())

    def facts(self, volume: float, as_prisms: float, spacing: float) -> dict[str, Any]:
        """For `Dvh.parameters`: ends as (cc, then doses in Gy, hottest first), shape (a part), dose (Gy).

        Args:
            volume, as_prisms: mm3 by the method and of half-slice prisms.
            spacing: mm between planes.
        """
        ends = [_end(self.ends[side]) for side in (-1, 1)]
        shape = OF_SHAPE * abs(volume / as_prisms - 1.0) if volume > 0.0 and as_prisms > 0.0 else 0.0
        count = max(self.points, 1)
        moved = (OF_PLACE * spacing) ** 2 * self.steep / count
        dose = float(np.sqrt(OF_DOSE**2 * self.squares / count + moved + OF_BINS**2))
        return {"ends": [end for end in ends if end], "shape": round(shape, 5), "dose_gy": round(dose, 4)}


def _outermost(
    layers: Layers, chosen: NDArray[np.int64], side: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Which part of each layer of an end is in doubt, and how far (mm) its middle lies beyond the layer's.

    A flat end that ends earlier loses its outermost tissue; a tapering one gets smaller as a whole.
    """
    doubt, thickness = layers.doubt[chosen], layers.thickness[chosen]
    if doubt[0] < OUTERMOST:
        return doubt, np.zeros(len(chosen))
    low = np.concatenate(([0.0], np.cumsum(thickness if side > 0 else thickness[::-1])))
    low, high = low[:-1], low[1:]
    start = np.maximum(low, high[-1] * (1.0 - doubt[0]))
    part = np.maximum(high - start, 0.0) / (high - low)
    onward = side * np.where(part > 0.0, 0.5 * (start - low), 0.0)
    return (part, onward) if side > 0 else (part[::-1], onward[::-1])


def _end(parts: list[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> list[float]:
    """Uncertain cc, then quantiles of dose in Gy, hottest first; empty where nothing is there."""
    if not parts:
        return []
    doses, volumes = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    total = float(volumes.sum())
    if total <= 0.0:
        return []
    order = np.argsort(-doses)
    reached = (np.cumsum(volumes[order]) - 0.5 * volumes[order]) / total
    quantiles = np.interp(np.linspace(0.0, 1.0, QUANTILES), reached, doses[order])
    return [round(total / 1000.0, 6), *(round(max(float(gy), 0.0), 3) for gy in quantiles)]
