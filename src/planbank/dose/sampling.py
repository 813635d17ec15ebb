"""The dose at points of a plane, with its gradient, for grids of any orientation.

Comes in: dose grids and points in the coordinates of an ROI's planes. Goes out: dose
(Gy) and gradient (Gy/mm), and which points every grid covers. Several grids are added, whether
or not their voxels coincide.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numba
import numpy as np

from planbank.dose.interpolation import bends, interpolate, interpolate_cubic, plane_below
from planbank.errors import DicomUnsupported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planbank.dicom.dose_grid import DoseGrid
    from planbank.dicom.geometry import Axes

EDGE = 1e-3
"""Part of a voxel by which a point may lie beyond the outermost voxel centres (rounding)."""

STILL = np.array([1.0, 0.0, 0.0, 1.0, 0.0, 0.0])
"""The map that leaves points where they are."""

STRAIGHT = 0.06
"""Gy: second differences below it are left to the straight line, which is right to 0.0075 Gy there."""

NOT_BENT = np.zeros((0, 0, 0), np.uint8)


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
    _bent: list[NDArray[np.uint8]] = field(default_factory=list, repr=False)

    def bent(self) -> list[NDArray[np.uint8]]:
        """For each grid, the voxels about which the dose is no straight line (kept once found)."""
        if not self._bent:
            each = zip(self.grids, self.scales, strict=True)
            self._bent[:] = [  # at once: two threads may be here
                bends(grid.values, grid.geometry.offsets, STRAIGHT / max(scale, 1e-12))
                for grid, scale in each
            ]
        return self._bent

    @property
    def highest(self) -> float:
        """Gy that no voxel exceeds."""
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
    maps: NDArray[np.float64] | None = None,
    *,
    cubic: bool = False,
) -> Samples:
    """Dose at every (x, y) of every w, in that nesting: index = i_w * len(x) + i_xy.

    Args:
        field: what to sample.
        axes: the axes of the coordinates.
        x, y: (n,) mm in the plane.
        w: (m,) mm along the normal.
        maps: (m, 6) that carry (x, y) to where it lies at each w (see `planbank.dose.shape`).
        cubic: False is trilinear.

    Points that a grid does not cover have `inside` False and the dose of the grids that do.
    """
    count = len(x) * len(w)
    carried = np.tile(STILL, (len(w), 1)) if maps is None else maps
    out = Samples(np.zeros(count), np.zeros((count, 3)), np.ones(count, np.bool_))
    bents = field.bent() if cubic else [NOT_BENT] * len(field.grids)
    for grid, scale, bent in zip(field.grids, field.scales, bents, strict=True):
        geometry = grid.geometry
        turn = geometry.axes.matrix @ axes.matrix.T
        shift = -(geometry.axes.matrix @ geometry.origin)
        turn[:2] /= np.array(geometry.spacing)[:, None]
        shift[:2] /= np.array(geometry.spacing)
        onto, where = _onto_grid(turn, shift, carried, w), (grid.values, geometry.offsets, turn)
        reach = _reach(grid)
        later = np.empty(count if len(bent) else 0, np.int64)
        left = _add_samples(*where, onto, scale, reach, x, y, bent, later, out.dose, out.gradient, out.inside)
        if left:
            _add_cubic(*where, onto, scale, x, y, later[:left], out.dose, out.gradient)
    return out


@numba.njit(cache=True, nogil=True)
def _onto_grid(
    turn: NDArray[np.float64], shift: NDArray[np.float64], maps: NDArray[np.float64], w: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(m, 3, 3) for every w: the column, row and plane (mm) of (x, y) as factors of x, y and 1."""
    out = np.empty((len(w), 3, 3))
    for m in range(len(w)):
        for n in range(3):
            out[m, n, 0] = turn[n, 0] * maps[m, 0] + turn[n, 1] * maps[m, 2]
            out[m, n, 1] = turn[n, 0] * maps[m, 1] + turn[n, 1] * maps[m, 3]
            out[m, n, 2] = turn[n, 0] * maps[m, 4] + turn[n, 1] * maps[m, 5] + turn[n, 2] * w[m] + shift[n]
    return out


@numba.njit(cache=True, nogil=True)
def _add_samples(
    values: NDArray[np.float32],
    offsets: NDArray[np.float64],
    turn: NDArray[np.float64],
    onto: NDArray[np.float64],
    scale: float,
    reach: float,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    bent: NDArray[np.uint8],
    later: NDArray[np.int64],
    dose: NDArray[np.float64],
    gradient: NDArray[np.float64],
    inside: NDArray[np.bool_],
) -> int:
    """Straight lines between voxels; points about bent voxels are left for later, and counted."""
    ny, nx = values.shape[1], values.shape[2]
    at = -1
    left = 0
    for m in range(len(onto)):
        plane = 0
        for k in range(len(x)):
            at += 1
            c = onto[m, 0, 0] * x[k] + onto[m, 0, 1] * y[k] + onto[m, 0, 2]
            r = onto[m, 1, 0] * x[k] + onto[m, 1, 1] * y[k] + onto[m, 1, 2]
            p = onto[m, 2, 0] * x[k] + onto[m, 2, 1] * y[k] + onto[m, 2, 2]
            if (
                c < -EDGE
                or c > nx - 1 + EDGE
                or r < -EDGE
                or r > ny - 1 + EDGE
                or p < offsets[0] - reach
                or p > offsets[-1] + reach
            ):
                inside[at] = False
                continue
            plane = plane_below(offsets, p, plane)
            if len(bent):
                near = min(plane + 1, len(offsets) - 1)
                if p - offsets[plane] < offsets[near] - p:
                    near = plane
                i, j = min(max(int(c + 0.5), 0), nx - 1), min(max(int(r + 0.5), 0), ny - 1)
                if bent[near, j, i]:
                    later[left] = at
                    left += 1
                    continue
            interpolate(values, offsets, turn, scale, c, r, p, plane, at, dose, gradient)
    return left


@numba.njit(cache=True, nogil=True)
def _add_cubic(
    values: NDArray[np.float32],
    offsets: NDArray[np.float64],
    turn: NDArray[np.float64],
    onto: NDArray[np.float64],
    scale: float,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    later: NDArray[np.int64],
    dose: NDArray[np.float64],
    gradient: NDArray[np.float64],
) -> None:
    """The points about bent voxels."""
    plane = 0
    for at in later:
        m, k = divmod(at, len(x))
        c = onto[m, 0, 0] * x[k] + onto[m, 0, 1] * y[k] + onto[m, 0, 2]
        r = onto[m, 1, 0] * x[k] + onto[m, 1, 1] * y[k] + onto[m, 1, 2]
        p = onto[m, 2, 0] * x[k] + onto[m, 2, 1] * y[k] + onto[m, 2, 2]
        plane = plane_below(offsets, p, plane)
        interpolate_cubic(values, offsets, turn, scale, c, r, p, plane, at, dose, gradient)
