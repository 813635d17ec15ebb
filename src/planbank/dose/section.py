"""A region's cross-section on a plane: its area, centroid and covariance.

Comes in: the edges about a region. Goes out: a `Section`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


_LOW = 0.5 - 0.5 / np.sqrt(3.0)
_HIGH = 0.5 + 0.5 / np.sqrt(3.0)
"""Two-point Gauss quadrature: exact for the cubic integrands along an edge."""


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A region on its plane: position, perimeter (mm), area, covariance (2, 2) in mm2, centroid (2,)."""

    position: float
    area: float
    centroid: NDArray[np.float64]
    covariance: NDArray[np.float64]
    perimeter: float

    @property
    def solidity(self) -> float:
        """Area over that of the ellipse with this covariance."""
        return self.area / (4.0 * np.pi * float(root_det(self.covariance)))


def section_of(position: float, edges: NDArray[np.float64]) -> Section:
    """The moments of the region on the left of its edges (n, 4) x0, y0, x1, y1 in mm."""
    area, cx, cy, xx, xy, yy, around = _moments(edges)
    least = 1e-9 * (xx + yy) + 1e-12
    covariance = np.array([[xx + least, xy], [xy, yy + least]])
    return Section(position, area, np.array([cx, cy]), covariance, around)


@numba.njit(cache=True, nogil=True)
def _moments(edges: NDArray[np.float64]) -> tuple[float, float, float, float, float, float, float]:
    """Area, centroid, covariance and perimeter by integrating along the edges (Green's theorem), exactly.

    About the first point, against rounding; horizontal edges add nothing and may be missing.
    """
    ox, oy = edges[0, 0], edges[0, 1]
    area = sx = sy = sxx = sxy = syy = around = 0.0
    for k in range(len(edges)):
        x0, y0 = edges[k, 0] - ox, edges[k, 1] - oy
        x1, y1 = edges[k, 2] - ox, edges[k, 3] - oy
        rise = 0.5 * (y1 - y0)
        around += np.sqrt((x1 - x0) ** 2 + (y1 - y0) ** 2)
        for t in (_LOW, _HIGH):
            x, y = x0 + t * (x1 - x0), y0 + t * (y1 - y0)
            area += rise * x
            sx += rise * 0.5 * x * x
            sy += rise * x * y
            sxx += rise * x * x * x / 3.0
            sxy += rise * 0.5 * x * x * y
            syy += rise * x * y * y
    if abs(area) < 1e-12:
        return 0.0, ox, oy, 0.0, 0.0, 0.0, around
    mx, my = sx / area, sy / area
    xx, yy = max(sxx / area - mx * mx, 0.0), max(syy / area - my * my, 0.0)
    return abs(area), ox + mx, oy + my, xx, sxy / area - mx * my, yy, around


def root_det(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Square roots of the determinants of 2 x 2 matrices."""
    det = matrices[..., 0, 0] * matrices[..., 1, 1] - matrices[..., 0, 1] * matrices[..., 1, 0]
    out: NDArray[np.float64] = np.sqrt(np.maximum(det, 1e-24))
    return out
