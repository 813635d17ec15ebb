"""Distances between what was drawn on one slice, and the path that has to be drawn anew.

Comes in: closed borders of one plane. Goes out: `Distances` along them by length, and the added path length:
how much of the reference's border is not near the other's (Vaassen et al, Phys Imaging Radiat Oncol 13 (2020)
1), here in mm of contour and not in voxels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from planbank.contours.distances import Distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

APART = 0.5
"""mm between points along a border, at most."""


def outline_distances(one: NDArray[np.float64], other: NDArray[np.float64]) -> Distances | None:
    """Between two borders (n, 4) of one plane, mm; None where one is empty."""
    if not len(one) or not len(other):
        return None
    (points, lengths), (back_points, back_lengths) = _points(one), _points(other)
    return Distances(_nearest(points, other), lengths, _nearest(back_points, one), back_lengths)


def added_path(reference: NDArray[np.float64], other: NDArray[np.float64], tolerance: float) -> float:
    """mm of the reference's border farther than `tolerance` mm from the other's; all, where that is empty."""
    if not len(reference):
        return 0.0
    points, lengths = _points(reference)
    if not len(other):
        return float(lengths.sum())
    return float(lengths[_nearest(points, other) > tolerance].sum())


def _points(edges: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points in the middle of pieces at most APART long, and the length of each piece."""
    start, along = edges[:, :2], edges[:, 2:] - edges[:, :2]
    length = np.hypot(along[:, 0], along[:, 1])
    count = np.maximum(np.ceil(length / APART).astype(np.int64), 1)
    which = np.repeat(np.arange(len(edges)), count)
    place = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    part = (place + 0.5) / count[which]
    return start[which] + part[:, None] * along[which], (length / count)[which]


@numba.njit(cache=True, nogil=True)
def _nearest(points: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) mm from each point to the nearest edge."""
    out = np.empty(len(points))
    for n in range(len(points)):
        best = np.inf
        for e in range(len(edges)):
            ax, ay = edges[e, 0], edges[e, 1]
            dx, dy = edges[e, 2] - ax, edges[e, 3] - ay
            px, py = points[n, 0] - ax, points[n, 1] - ay
            length = dx * dx + dy * dy
            part = min(max((px * dx + py * dy) / length, 0.0), 1.0) if length > 0.0 else 0.0
            ex, ey = px - part * dx, py - part * dy
            best = min(best, ex * ex + ey * ey)
        out[n] = np.sqrt(best)
    return out
