"""A region's cross-section on a plane: its area, centroid and covariance.

Comes in: the covered cells of a region. Goes out: a `Section`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planbank.dose.coverage import Cells


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A region on its plane: position (mm), area (mm2), centroid (2,), covariance (2, 2) in mm2."""

    position: float
    area: float
    centroid: NDArray[np.float64]
    covariance: NDArray[np.float64]

    @property
    def solidity(self) -> float:
        """Area over that of the ellipse with this covariance."""
        return self.area / (4.0 * np.pi * float(root_det(self.covariance)))


def section_of(position: float, cells: Cells) -> Section:
    """The moments of a region from its covered cells."""
    area, cx, cy, xx, xy, yy = _moments(cells.x, cells.y, cells.area, cells.xx, cells.xy, cells.yy)
    least = 1e-9 * (xx + yy) + 1e-12
    covariance = np.array([[xx + least, xy], [xy, yy + least]])
    return Section(position, area, np.array([cx, cy]), covariance)


@numba.njit(cache=True, nogil=True)
def _moments(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    area: NDArray[np.float64],
    xx: NDArray[np.float64],
    xy: NDArray[np.float64],
    yy: NDArray[np.float64],
) -> tuple[float, float, float, float, float, float]:
    """Area, centroid and covariance of all cells together; about the first cell, against rounding."""
    total = sx = sy = sxx = sxy = syy = 0.0
    for k in range(len(area)):
        w, u, v = area[k], x[k] - x[0], y[k] - y[0]
        total += w
        sx += w * u
        sy += w * v
        sxx += w * (xx[k] + u * u)
        sxy += w * (xy[k] + u * v)
        syy += w * (yy[k] + v * v)
    mx, my = sx / total, sy / total
    return total, x[0] + mx, y[0] + my, sxx / total - mx * mx, sxy / total - mx * my, syy / total - my * my


def root_det(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Square roots of the determinants of 2 x 2 matrices."""
    det = matrices[..., 0, 0] * matrices[..., 1, 1] - matrices[..., 0, 1] * matrices[..., 1, 0]
    out: NDArray[np.float64] = np.sqrt(np.maximum(det, 1e-24))
    return out
