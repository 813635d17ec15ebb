"""The contours of an ROI, sorted into the parallel planes they were drawn on.

Comes in: contours in patient coordinates. Goes out: `Planes`: their common axes and, per
plane, closed polygons in the plane's own coordinates. What is no closed planar contour is
reported, not guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

from planbank.dicom.contours import CLOSED_TYPES, Contours
from planbank.dicom.geometry import Axes

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLAT = 0.1
"""mm by which the points of one contour may leave their plane."""

TOGETHER = 0.2
"""mm within which contours lie on one plane."""


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Closed polygons (n, 2) in mm, at one position along the normal."""

    position: float
    polygons: tuple[NDArray[np.float64], ...]

    @property
    def box(self) -> float:
        """mm2 of the box about all polygons."""
        boxes = [corners(polygon) for polygon in self.polygons]
        left, front, right, back = zip(*boxes, strict=True)
        return float((max(right) - min(left)) * (max(back) - min(front)))


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """Planes of one ROI in ascending order.

    A patient point p has the coordinates axes.matrix @ p: two in the plane, one along the normal.
    `flags` are keys of `planbank.dose.flags.FLAGS`.
    """

    axes: Axes
    planes: tuple[Plane, ...]
    flags: tuple[str, ...]

    @property
    def positions(self) -> NDArray[np.float64]:
        """(n,) mm along the normal."""
        return np.array([plane.position for plane in self.planes])


AXIAL = Axes(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]))


def sort_into_planes(contours: Contours, axes: Axes = AXIAL) -> Planes:
    """Sort contours into planes.

    Args:
        contours: in patient coordinates.
        axes: preferred axes, those of the dose grid; used where the contours are flat in
            them, else the contours' own directions are.
    """
    closed, flags = _closed(contours)
    if not len(closed):
        return Planes(axes, (), flags)
    axes, local, positions, spreads = _in_plane(contours, closed, axes)
    flat = closed[spreads[closed] <= FLAT]
    if len(flat) < len(closed):
        flags = (*flags, "not-planar")
    order = flat[np.argsort(positions[flat], kind="stable")]
    return Planes(axes, tuple(_planes(order, positions, local, contours.offsets)), flags)


def _closed(contours: Contours) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Indices of contours that enclose something, and flags for those that do not."""
    lengths = np.diff(contours.offsets)
    kinds = contours.types
    usable = [
        i
        for i, kind in enumerate(kinds)
        if lengths[i] >= 3 and (kind in CLOSED_TYPES or (not kind and lengths[i] > 3))
    ]
    flags = []
    if any(kind == "POINT" or lengths[i] == 1 for i, kind in enumerate(kinds)):
        flags.append("points")
    if any(kind.startswith("OPEN") for kind in kinds):
        flags.append("open-contours")
    if any(kind in CLOSED_TYPES and lengths[i] in (1, 2) for i, kind in enumerate(kinds)):
        flags.append("degenerate-contours")
    return np.array(usable, np.int64), tuple(flags)


def _planes(
    order: NDArray[np.int64],
    positions: NDArray[np.float64],
    local: NDArray[np.float64],
    offsets: NDArray[np.int64],
) -> list[Plane]:
    groups: list[list[int]] = []
    for i in order:
        if groups and positions[i] - positions[groups[-1][0]] <= TOGETHER:
            groups[-1].append(int(i))
        else:
            groups.append([int(i)])
    return [
        Plane(
            float(positions[group].mean()),
            tuple(np.ascontiguousarray(local[offsets[i] : offsets[i + 1], :2]) for i in group),
        )
        for group in groups
    ]


def _in_plane(
    contours: Contours, closed: NDArray[np.int64], preferred: Axes
) -> tuple[Axes, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Axes in which the contours are flat, with points, positions and spreads in them.

    The preferred axes, else the patient's, else axes made from the contours' own normal.
    """
    for axes in (preferred, AXIAL):
        local = contours.points @ axes.matrix.T
        positions, spreads = _positions(local, contours.offsets)
        if np.median(spreads[closed]) <= FLAT:
            return axes, local, positions, spreads
    axes = _own_axes(_area_vectors(contours.points, contours.offsets)[closed], preferred)
    local = contours.points @ axes.matrix.T
    return (axes, local, *_positions(local, contours.offsets))


def _own_axes(sums: NDArray[np.float64], preferred: Axes) -> Axes:
    """Axes about the contours' common normal, turned like the preferred ones."""
    largest = sums[np.argmax((sums**2).sum(axis=1))]
    normal = (sums * np.where(sums @ largest < 0, -1.0, 1.0)[:, None]).sum(axis=0)
    length = float(np.linalg.norm(normal))
    if length == 0.0:
        return preferred
    normal /= length
    across = preferred.across - (preferred.across @ normal) * normal
    if np.linalg.norm(across) < 0.5:
        across = preferred.down - (preferred.down @ normal) * normal
    across /= np.linalg.norm(across)
    return Axes(across, np.cross(normal, across), normal)


@numba.njit(cache=True, nogil=True)
def corners(polygon: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Lowest x and y, highest x and y of points (n, 2)."""
    left = right = polygon[0, 0]
    front = back = polygon[0, 1]
    for k in range(1, len(polygon)):
        left, right = min(left, polygon[k, 0]), max(right, polygon[k, 0])
        front, back = min(front, polygon[k, 1]), max(back, polygon[k, 1])
    return left, front, right, back


@numba.njit(cache=True, nogil=True)
def _area_vectors(points: NDArray[np.float64], offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """(m, 3) normal of each contour, as long as twice its area (Newell)."""
    out = np.zeros((len(offsets) - 1, 3))
    for i in range(len(offsets) - 1):
        if offsets[i + 1] == offsets[i]:
            continue
        first, stop = offsets[i], offsets[i + 1]
        ox, oy, oz = points[first, 0], points[first, 1], points[first, 2]
        for k in range(first + 1, stop - 1):
            ax, ay, az = points[k, 0] - ox, points[k, 1] - oy, points[k, 2] - oz
            bx, by, bz = points[k + 1, 0] - ox, points[k + 1, 1] - oy, points[k + 1, 2] - oz
            out[i, 0] += ay * bz - az * by
            out[i, 1] += az * bx - ax * bz
            out[i, 2] += ax * by - ay * bx
    return out


@numba.njit(cache=True, nogil=True)
def _positions(
    local: NDArray[np.float64], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean position along the normal of each contour, and how far its points leave it."""
    count = len(offsets) - 1
    middle, spread = np.zeros(count), np.zeros(count)
    for i in range(count):
        low, high, total = np.inf, -np.inf, 0.0
        for k in range(offsets[i], offsets[i + 1]):
            w = local[k, 2]
            low, high, total = min(low, w), max(high, w), total + w
        if offsets[i + 1] > offsets[i]:
            middle[i] = total / (offsets[i + 1] - offsets[i])
            spread[i] = 0.5 * (high - low)
    return middle, spread
