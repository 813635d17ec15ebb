"""The dose at points of a plane, with its gradient, for grids of any orientation.

Comes in: dose grids and points in the coordinates of an ROI's planes. Goes out: trilinear
dose (Gy) and gradient (Gy/mm), and which points every grid covers. Several grids are added,
whether or not their voxels coincide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

from planbank.errors import DicomUnsupported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planbank.dicom.dose_grid import DoseGrid
    from planbank.dicom.geometry import Axes

EDGE = 1e-3
"""Part of a voxel by which a point may lie beyond the outermost voxel centres (rounding)."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A dose made for sampling: the sum of `grids`, each times its scale.

    Attributes:
        grids: with their values in Gy after scaling.
        scales: Gy per unit of each grid.
        uids: SOP Instance UIDs of all doses that went in.
    """

    grids: tuple[DoseGrid, ...]
    scales: tuple[float, ...]
    uids: tuple[str, ...]

    @property
    def highest(self) -> float:
        """Gy that no point exceeds."""
        each = zip(self.grids, self.scales, strict=True)
        return float(sum(max(grid.maximum, 0.0) * scale for grid, scale in each))

    @property
    def edge(self) -> float:
        """Gy that tissue beyond the grid can hardly exceed: the highest dose on the grid's faces."""
        return float(sum(_face(grid) * scale for grid, scale in zip(self.grids, self.scales, strict=True)))

    @property
    def spacing(self) -> tuple[float, float, float]:
        """The finest voxel size (across, down, along the normal) in mm."""
        sizes = []
        for grid in self.grids:
            offsets = grid.geometry.offsets
            planes = float(np.median(np.diff(offsets))) if len(offsets) > 1 else min(grid.geometry.spacing)
            sizes.append((*grid.geometry.spacing, planes))
        across, down, between = np.array(sizes).min(axis=0)
        return float(across), float(down), float(between)


def field_of(grids: Sequence[DoseGrid], scales: Sequence[float] | None = None) -> Field:
    """Grids to be added; those whose voxels coincide are added at once.

    Args:
        grids: doses of one frame of reference.
        scales: Gy per unit of each; None where all are in Gy.

    Raises DicomUnsupported where a dose is not in Gy and no scales are given.
    """
    if scales is None and any(grid.info.units != "GY" for grid in grids):
        raise DicomUnsupported("A dose that is not in Gy needs a scale.")
    factors = list(scales) if scales is not None else [1.0] * len(grids)
    uids = tuple(grid.info.sop_instance_uid for grid in grids)
    merged: list[tuple[DoseGrid, float]] = []
    for grid, factor in zip(grids, factors, strict=True):
        for place, (other, scale) in enumerate(merged):
            if grid.geometry.same_as(other.geometry):
                values = other.values * np.float32(scale) + grid.values * np.float32(factor)
                merged[place] = (type(grid)(other.info, other.geometry, values), 1.0)
                break
        else:
            merged.append((grid, factor))
    return Field(tuple(grid for grid, _ in merged), tuple(scale for _, scale in merged), uids)


def _face(grid: DoseGrid) -> float:
    v = grid.values
    faces = (v[0], v[-1], v[:, 0], v[:, -1], v[:, :, 0], v[:, :, -1])
    return max(float(face.max()) for face in faces)


def _reach(grid: DoseGrid) -> float:
    """mm by which a point may lie beyond the outermost planes; a single plane stands for a pixel's width."""
    offsets = grid.geometry.offsets
    if len(offsets) == 1:
        return min(grid.geometry.spacing) / 2
    return EDGE * float(np.diff(offsets).min())


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Dose at n points: `dose` (n,) Gy, `gradient` (n, 3) Gy/mm in the plane's axes, `inside` (n,)."""

    dose: NDArray[np.float64]
    gradient: NDArray[np.float64]
    inside: NDArray[np.bool_]


def sample(
    field: Field,
    axes: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    w: NDArray[np.float64],
) -> Samples:
    """Dose at every (x, y) of every w, in that nesting: index = i_w * len(x) + i_xy.

    Args:
        field: what to sample.
        axes: the axes of the coordinates.
        x, y: (n,) mm in the plane.
        w: (m,) mm along the normal.

    Points that a grid does not cover have `inside` False and the dose of the grids that do.
    """
    count = len(x) * len(w)
    out = Samples(np.zeros(count), np.zeros((count, 3)), np.ones(count, np.bool_))
    for grid, scale in zip(field.grids, field.scales, strict=True):
        geometry = grid.geometry
        turn = geometry.axes.matrix @ axes.matrix.T
        shift = -(geometry.axes.matrix @ geometry.origin)
        turn[:2] /= np.array(geometry.spacing)[:, None]
        shift[:2] /= np.array(geometry.spacing)
        _add_samples(
            grid.values,
            geometry.offsets,
            turn,
            shift,
            scale,
            _reach(grid),
            x,
            y,
            w,
            out.dose,
            out.gradient,
            out.inside,
        )
    return out


@numba.njit(cache=True, nogil=True)
def _add_samples(
    values: NDArray[np.float32],
    offsets: NDArray[np.float64],
    turn: NDArray[np.float64],
    shift: NDArray[np.float64],
    scale: float,
    reach: float,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    w: NDArray[np.float64],
    dose: NDArray[np.float64],
    gradient: NDArray[np.float64],
    inside: NDArray[np.bool_],
) -> None:
    ny, nx = values.shape[1], values.shape[2]
    at = 0
    for m in range(len(w)):
        c0, r0, p0 = turn[:, 2] * w[m] + shift
        plane = 0
        for k in range(len(x)):
            c = turn[0, 0] * x[k] + turn[0, 1] * y[k] + c0
            r = turn[1, 0] * x[k] + turn[1, 1] * y[k] + r0
            p = turn[2, 0] * x[k] + turn[2, 1] * y[k] + p0
            if (
                c < -EDGE
                or c > nx - 1 + EDGE
                or r < -EDGE
                or r > ny - 1 + EDGE
                or p < offsets[0] - reach
                or p > offsets[-1] + reach
            ):
                inside[at] = False
                at += 1
                continue
            plane = _plane_below(offsets, p, plane)
            _trilinear(values, offsets, turn, scale, c, r, p, plane, at, dose, gradient)
            at += 1


@numba.njit(cache=True, nogil=True)
def _plane_below(offsets: NDArray[np.float64], p: float, guess: int) -> int:
    """Index of the plane at or below p, so that the next one exists; neighbours tend to share it."""
    last = len(offsets) - 2
    if last < 0:
        return 0
    plane = min(guess, last)
    while plane < last and p >= offsets[plane + 1]:
        plane += 1
    while plane > 0 and p < offsets[plane]:
        plane -= 1
    return plane


@numba.njit(cache=True, nogil=True)
def _trilinear(
    values: NDArray[np.float32],
    offsets: NDArray[np.float64],
    turn: NDArray[np.float64],
    scale: float,
    c: float,
    r: float,
    p: float,
    plane: int,
    at: int,
    dose: NDArray[np.float64],
    gradient: NDArray[np.float64],
) -> None:
    nz, ny, nx = values.shape
    i = min(max(int(c), 0), max(nx - 2, 0))
    j = min(max(int(r), 0), max(ny - 2, 0))
    i1, j1, k1 = min(i + 1, nx - 1), min(j + 1, ny - 1), min(plane + 1, nz - 1)
    step = offsets[k1] - offsets[plane] if k1 > plane else 1.0
    a = min(max(c - i, 0.0), 1.0)
    b = min(max(r - j, 0.0), 1.0)
    g = min(max((p - offsets[plane]) / step, 0.0), 1.0)
    v000, v001 = values[plane, j, i], values[plane, j, i1]
    v010, v011 = values[plane, j1, i], values[plane, j1, i1]
    v100, v101 = values[k1, j, i], values[k1, j, i1]
    v110, v111 = values[k1, j1, i], values[k1, j1, i1]
    e00, e01 = v000 + a * (v001 - v000), v010 + a * (v011 - v010)
    e10, e11 = v100 + a * (v101 - v100), v110 + a * (v111 - v110)
    f0, f1 = e00 + b * (e01 - e00), e10 + b * (e11 - e10)
    dp = (f1 - f0) / step
    dr = (1.0 - g) * (e01 - e00) + g * (e11 - e10)
    dc = (1.0 - g) * ((1.0 - b) * (v001 - v000) + b * (v011 - v010))
    dc += g * ((1.0 - b) * (v101 - v100) + b * (v111 - v110))
    dose[at] += scale * (f0 + g * (f1 - f0))
    for axis in range(3):
        gradient[at, axis] += scale * (turn[0, axis] * dc + turn[1, axis] * dr + turn[2, axis] * dp)
