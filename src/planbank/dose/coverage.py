"""How much of each cell a polygon covers, exactly.

Comes in: oriented edges of polygons in a plane and a grid of cells. Goes out: for every
cell the covered area and the first and second moments of the covered part, by integrating
along the edges (Green's theorem); nothing is sampled, so the areas of all cells add up to
the polygon's own area.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_CELLS = 2_000_000
"""Cells over the bounding box of one plane; no real ROI comes near."""

_LOW = 0.5 - 0.5 / np.sqrt(3.0)
_HIGH = 0.5 + 0.5 / np.sqrt(3.0)
"""Two-point Gauss quadrature: exact for the cubic integrands of the moments along an edge."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The covered cells of one plane, in the plane's own coordinates.

    Attributes:
        x, y: (n,) mm, centroid of the covered part.
        area: (n,) mm2 that is covered.
        xx, xy, yy: (n,) mm2, variance and covariance of position within the covered part.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    area: NDArray[np.float64]
    xx: NDArray[np.float64]
    xy: NDArray[np.float64]
    yy: NDArray[np.float64]


NO_CELLS = Cells(*(np.empty(0) for _ in range(6)))


def cover(
    edges: NDArray[np.float64], size: tuple[float, float], origin: tuple[float, float] = (0.0, 0.0)
) -> Cells | None:
    """Cells covered by the region on the left of the edges.

    Args:
        edges: (n, 4) x0, y0, x1, y1 in mm; closed loops, outer ones counter-clockwise, holes
            clockwise, none overlapping another.
        size: (width, height) of a cell in mm.
        origin: mm, a corner shared by four cells (any one).

    Returns None where the edges are not the border of such a region: a cell would be covered
    less than nothing or more than wholly. No edges give no cells.
    """
    if not len(edges):
        return NO_CELLS
    left, front, right, back = _extent(edges)
    size = _bounded(right - left, back - front, size)
    low_x = int(np.floor((left - origin[0]) / size[0]))
    low_y = int(np.floor((front - origin[1]) / size[1]))
    nx = int(np.floor((right - origin[0]) / size[0])) - low_x + 1
    ny = int(np.floor((back - origin[1]) / size[1])) - low_y + 1
    shifted = _in_cells(edges, origin[0], origin[1], size[0], size[1], low_x, low_y)
    inside = np.zeros((ny, nx, 6))
    beyond = np.zeros((ny, nx, 3))
    _accumulate(shifted, inside, beyond)
    count = _integrate(inside, beyond)
    if count < 0:
        return None
    out = np.empty((count, 6))
    corner = (origin[0] + low_x * size[0], origin[1] + low_y * size[1])
    _collect(inside, corner[0], corner[1], size[0], size[1], out)
    return Cells(*(np.ascontiguousarray(out[:, k]) for k in range(6)))


def _bounded(width: float, height: float, size: tuple[float, float]) -> tuple[float, float]:
    """Larger cells where the polygon would need more than MOST_CELLS."""
    cells = max(width / size[0], 1.0) * max(height / size[1], 1.0)
    factor = max(float(np.sqrt(cells / MOST_CELLS)), 1.0)
    return size[0] * factor, size[1] * factor


@numba.njit(cache=True, nogil=True)
def _extent(edges: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Lowest x and y, highest x and y."""
    left = right = edges[0, 0]
    front = back = edges[0, 1]
    for k in range(len(edges)):
        left = min(left, edges[k, 0], edges[k, 2])
        right = max(right, edges[k, 0], edges[k, 2])
        front = min(front, edges[k, 1], edges[k, 3])
        back = max(back, edges[k, 1], edges[k, 3])
    return left, front, right, back


@numba.njit(cache=True, nogil=True)
def _in_cells(
    edges: NDArray[np.float64], x: float, y: float, width: float, height: float, low_x: int, low_y: int
) -> NDArray[np.float64]:
    """Edges in units of cells, from the lowest cell."""
    out = np.empty_like(edges)
    for k in range(len(edges)):
        out[k, 0] = (edges[k, 0] - x) / width - low_x
        out[k, 1] = (edges[k, 1] - y) / height - low_y
        out[k, 2] = (edges[k, 2] - x) / width - low_x
        out[k, 3] = (edges[k, 3] - y) / height - low_y
    return out


@numba.njit(cache=True, nogil=True)
def _accumulate(edges: NDArray[np.float64], inside: NDArray[np.float64], beyond: NDArray[np.float64]) -> None:
    """Cut every edge at cell borders and add what lies to the right of each piece.

    `inside` gets the moments within the piece's own cell, `beyond` those (over the height of
    the piece) of a cell that lies wholly to its right.
    """
    ny, nx = beyond.shape[0], beyond.shape[1]
    for k in range(len(edges)):
        x0, y0, x1, y1 = edges[k, 0], edges[k, 1], edges[k, 2], edges[k, 3]
        if y0 == y1:
            continue
        up = y1 > y0
        if not up:
            x0, y0, x1, y1 = x1, y1, x0, y0
        slope = (x1 - x0) / (y1 - y0)
        sign = -1.0 if up else 1.0
        row, y, x = min(int(np.floor(y0)), ny - 1), y0, x0
        while y < y1:
            top = min(y1, row + 1.0)
            end = x1 if top == y1 else x0 + (top - y0) * slope
            _add_row(x, y - row, end, top - row, sign, row, nx, inside, beyond)
            x, y, row = end, top, row + 1


@numba.njit(cache=True, nogil=True)
def _add_row(
    x0: float,
    v0: float,
    x1: float,
    v1: float,
    sign: float,
    row: int,
    nx: int,
    inside: NDArray[np.float64],
    beyond: NDArray[np.float64],
) -> None:
    """A piece within one row of cells, cut at the columns."""
    first = min(max(int(np.floor(min(x0, x1))), 0), nx - 1)
    last = min(max(int(np.floor(max(x0, x1))), 0), nx - 1)
    if first == last:
        _add_piece(x0 - first, v0, x1 - first, v1, sign, row, first, inside, beyond)
        return
    step = 1 if x1 > x0 else -1
    column = first if step > 0 else last
    goal = last if step > 0 else first
    x, v = x0, v0
    while column != goal:
        border = column + 1.0 if step > 0 else float(column)
        cut = v0 + (border - x0) / (x1 - x0) * (v1 - v0)
        _add_piece(x - column, v, border - column, cut, sign, row, column, inside, beyond)
        x, v = border, cut
        column += step
    _add_piece(x - column, v, x1 - column, v1, sign, row, column, inside, beyond)


@numba.njit(cache=True, nogil=True)
def _add_piece(
    u0: float,
    v0: float,
    u1: float,
    v1: float,
    sign: float,
    row: int,
    column: int,
    inside: NDArray[np.float64],
    beyond: NDArray[np.float64],
) -> None:
    """Moments right of a piece within one cell, in units of the cell."""
    weight = 0.5 * sign * (v1 - v0)
    own, right = inside[row, column], beyond[row, column]
    for t in (_LOW, _HIGH):
        u, v = u0 + t * (u1 - u0), v0 + t * (v1 - v0)
        span, first, second = 1.0 - u, 0.5 * (1.0 - u * u), (1.0 - u * u * u) / 3.0
        own[0] += weight * span
        own[1] += weight * first
        own[2] += weight * v * span
        own[3] += weight * second
        own[4] += weight * v * first
        own[5] += weight * v * v * span
        right[0] += weight
        right[1] += weight * v
        right[2] += weight * v * v


@numba.njit(cache=True, nogil=True)
def _integrate(inside: NDArray[np.float64], beyond: NDArray[np.float64]) -> int:
    """Add to each cell what edges further left left to their right; count covered cells.

    -1 where a cell is covered less than nothing or more than wholly.
    """
    ny, nx = beyond.shape[0], beyond.shape[1]
    count = 0
    for row in range(ny):
        a = b = c = 0.0
        for column in range(nx):
            own, right = inside[row, column], beyond[row, column]
            own[0] += a
            own[1] += 0.5 * a
            own[2] += b
            own[3] += a / 3.0
            own[4] += 0.5 * b
            own[5] += c
            a += right[0]
            b += right[1]
            c += right[2]
            if own[0] < -1e-6 or own[0] > 1.0 + 1e-6:
                return -1
            if own[0] > 1e-9:
                count += 1
    return count


@numba.njit(cache=True, nogil=True)
def _collect(
    inside: NDArray[np.float64], x: float, y: float, width: float, height: float, out: NDArray[np.float64]
) -> None:
    """Centroid, area and spread of every covered cell, in mm."""
    k = 0
    for row in range(inside.shape[0]):
        for column in range(inside.shape[1]):
            own = inside[row, column]
            if own[0] <= 1e-9:
                continue
            u, v = own[1] / own[0], own[2] / own[0]
            out[k, 0] = x + (column + u) * width
            out[k, 1] = y + (row + v) * height
            out[k, 2] = own[0] * width * height
            out[k, 3] = max(own[3] / own[0] - u * u, 0.0) * width * width
            out[k, 4] = (own[4] / own[0] - u * v) * width * height
            out[k, 5] = max(own[5] / own[0] - v * v, 0.0) * height * height
            k += 1
