"""Points on the surface of a body, each with the area it stands for.

Comes in: a body. Goes out: a `Surface`. Points lie where the lines of a grid pass the nought of the
body's field (`planbank.contours.field`). Lines along an axis pass a piece of surface in proportion to how
squarely it faces them, so a point that speaks for 1 / sum(|normal| / area of a grid cell's face) counts
every piece by its area, however it lies to the grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

from planbank.contours.body import sections
from planbank.contours.field import fields_of, step_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planbank.dose.derived.bodies import Body


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """In the coordinates of the body's axes.

    Attributes:
        points: (n, 3) mm.
        normals: (n, 3) unit vectors, outwards.
        areas: (n,) mm2.
        step: mm between the lines the points lie on.
    """

    points: NDArray[np.float64]
    normals: NDArray[np.float64]
    areas: NDArray[np.float64]
    step: float

    @property
    def area(self) -> float:
        """mm2."""
        return float(self.areas.sum())


def surface_of(body: Body) -> Surface:
    """The surface of a body; without points where it is empty."""
    stack = sections(body)
    if not stack:
        return Surface(np.empty((0, 3)), np.empty((0, 3)), np.empty(0), 0.0)
    step = step_of(stack)
    found = []
    for field in fields_of(stack, step):
        room = np.empty((0, 7))
        room = np.empty((_crossings(field.values, field.heights, field.origin, step, room), 7))
        _crossings(field.values, field.heights, field.origin, step, room)
        found.append(room)
    rows = np.concatenate(found)
    return Surface(rows[:, :3], rows[:, 3:6], rows[:, 6], step)


@numba.njit(cache=True, nogil=True)
def _crossings(
    values: NDArray[np.float32],
    heights: NDArray[np.float64],
    origin: NDArray[np.float64],
    step: float,
    out: NDArray[np.float64],
) -> int:
    """Rows x, y, z, normal, area of every crossing; without room in `out` they are only counted.

    The outermost grid points lie outside, so each crossing has neighbours for its gradient.
    """
    layers, rows, columns = values.shape
    count = 0
    for k in range(1, layers - 1):
        for j in range(1, rows - 1):
            for i in range(1, columns - 1):
                here = np.float64(values[k, j, i])
                for axis in range(3):
                    kk, jj, ii = k + (axis == 2), j + (axis == 1), i + (axis == 0)
                    there = np.float64(values[kk, jj, ii])
                    if (here > 0.0) == (there > 0.0):
                        continue
                    if count < len(out):
                        part = here / (here - there)
                        row = out[count]
                        row[0] = origin[0] + (i + (part if axis == 0 else 0.0)) * step
                        row[1] = origin[1] + (j + (part if axis == 1 else 0.0)) * step
                        row[2] = heights[k] + (part * (heights[k + 1] - heights[k]) if axis == 2 else 0.0)
                        _face(values, heights, step, k, j, i, min(kk, layers - 2), jj, ii, part, row)
                    count += 1
    return count


@numba.njit(cache=True, nogil=True)
def _face(
    values: NDArray[np.float32],
    heights: NDArray[np.float64],
    step: float,
    k: int,
    j: int,
    i: int,
    kk: int,
    jj: int,
    ii: int,
    part: float,
    row: NDArray[np.float64],
) -> None:
    """The normal and the area of one crossing, from the gradients at both ends of its line."""
    jj, ii = min(jj, values.shape[1] - 2), min(ii, values.shape[2] - 2)
    x = y = z = 0.0
    for share, c, b, a in ((1.0 - part, k, j, i), (part, kk, jj, ii)):
        x += share * (values[c, b, a + 1] - values[c, b, a - 1]) / (2.0 * step)
        y += share * (values[c, b + 1, a] - values[c, b - 1, a]) / (2.0 * step)
        z += share * (values[c + 1, b, a] - values[c - 1, b, a]) / (heights[c + 1] - heights[c - 1])
    length = max(np.sqrt(x * x + y * y + z * z), 1e-12)
    row[3], row[4], row[5] = -x / length, -y / length, -z / length
    tall = 0.5 * (heights[k + 1] - heights[k - 1])
    facing = (abs(x) + abs(y)) / (step * tall) + abs(z) / (step * step)
    row[6] = length / max(facing, 1e-12)
