"""Distances between two surfaces, and what is asked of them.

Comes in: two surfaces. Goes out: `Distances` from each point to the other surface, and the figures in use:
HD95, mean surface distance, surface DSC. Source of the last: Nikolov et al, J Med Internet Res 23 (2021)
e26151. Distances are to the plane through the nearest point of the other surface, so that how densely it is
set with points does not add to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planbank.contours.surface import Surface


@dataclass(frozen=True, slots=True, eq=False)
class Distances:
    """Both ways: mm and the area (mm2), or length (mm) in a plane, that each stands for."""

    there: NDArray[np.float64]
    there_weights: NDArray[np.float64]
    back: NDArray[np.float64]
    back_weights: NDArray[np.float64]

    @property
    def mean(self) -> float:
        """mm: over both surfaces, by area."""
        total = self.there @ self.there_weights + self.back @ self.back_weights
        return float(total / (self.there_weights.sum() + self.back_weights.sum()))

    def quantile(self, part: float) -> float:
        """mm: the larger of the two ways' quantile by area; 0.95 gives HD95, 1 the Hausdorff distance."""
        return max(
            _quantile(self.there, self.there_weights, part), _quantile(self.back, self.back_weights, part)
        )

    def within(self, tolerance: float) -> float:
        """The part of both surfaces, by area, that lies within `tolerance` mm of the other."""
        near = self.there_weights[self.there <= tolerance].sum()
        near += self.back_weights[self.back <= tolerance].sum()
        return float(near / (self.there_weights.sum() + self.back_weights.sum()))


def distances(one: Surface, other: Surface) -> Distances | None:
    """Between two surfaces; None where one of them has no points."""
    if not len(one.points) or not len(other.points):
        return None
    return Distances(_to(one, other), one.areas, _to(other, one), other.areas)


def _to(surface: Surface, other: Surface) -> NDArray[np.float64]:
    """(n,) mm from each point to the nearest piece of the other surface.

    A piece reaches as far sideways as the grid is wide: what lies further off is measured to its rim.
    """
    far, nearest = cKDTree(other.points, balanced_tree=False, compact_nodes=False).query(surface.points)
    across = surface.points - other.points[nearest]
    upright = np.abs(np.einsum("ij,ij->i", across, other.normals[nearest]))
    sideways = np.sqrt(np.maximum(far * far - upright * upright, 0.0))
    return np.asarray(np.hypot(upright, np.maximum(sideways - other.step, 0.0)))


def _quantile(values: NDArray[np.float64], weights: NDArray[np.float64], part: float) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    place = int(np.searchsorted(reached, part * reached[-1] * (1.0 - 1e-12)))
    return float(values[order[min(place, len(order) - 1)]])
