"""A body as a field whose nought is its surface, between the slices as well.

Comes in: the cross-sections of a body. Goes out: on a grid, how far inside a point lies: signed distances to
the contours of each slice, carried linearly from slice to slice (shape-based interpolation: Raya and Udupa,
IEEE Trans Med Imaging 9 (1990) 32), cut flat half a spacing beyond the ends.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planbank.contours.body import Section

FINEST = 0.5
"""mm between grid points, at least."""

MOST_POINTS = 3e5
BAND = 12.0
"""mm from a contour up to which its distance counts; beyond, inside is inside."""

SAME_HEIGHT = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Values above 0 lie inside.

    Attributes:
        values: (k, j, i) mm, at heights[k], origin[1] + j * step, origin[0] + i * step.
        heights: (k,) mm along the normal, ascending.
        origin: (2,) mm in the plane.
        step: mm.
    """

    values: NDArray[np.float32]
    heights: NDArray[np.float64]
    origin: NDArray[np.float64]
    step: float


def step_of(stack: Sequence[Section]) -> float:
    """mm between grid points so that a body of any size has at most about MOST_POINTS."""
    low, high = _corners(stack)
    volume = float(np.prod(high - low)) * (stack[-1].high - stack[0].low)
    return max(FINEST, float((volume / MOST_POINTS) ** (1.0 / 3.0)))


def fields_of(stack: Sequence[Section], step: float) -> list[Field]:
    """One field for each run of slices without a gap, upwards."""
    low, high = _corners(stack)
    origin = low - 3.0 * step
    size = np.ceil((high - low) / step).astype(int) + 7
    breaks = [
        n for n, (one, other) in enumerate(itertools.pairwise(stack), 1) if other.low - one.high > SAME_HEIGHT
    ]
    bounds = [0, *breaks, len(stack)]
    return [_run(stack[start:stop], step, origin, size) for start, stop in itertools.pairwise(bounds)]


def _run(run: Sequence[Section], step: float, origin: NDArray[np.float64], size: NDArray[np.int_]) -> Field:
    planes = [_plane(section.edges, step, origin, size) for section in run]
    bottom, top = run[0].low, run[-1].high
    heights = _heights([bottom, *(section.position for section in run), top], step)
    positions = np.array([section.position for section in run])
    values = np.empty((len(heights), *size[::-1]), np.float32)
    for k, height in enumerate(heights):
        after = int(np.searchsorted(positions, height))
        if after == 0 or after == len(run):
            values[k] = planes[min(after, len(run) - 1)]
        else:
            part = (height - positions[after - 1]) / (positions[after] - positions[after - 1])
            values[k] = (1.0 - part) * planes[after - 1] + part * planes[after]
        np.minimum(values[k], min(height - bottom, top - height), out=values[k])
    return Field(values, heights, origin, step)


def _heights(stops: Sequence[float], step: float) -> NDArray[np.float64]:
    """The middles of layers about a step thick, none across a stop, and two beyond each end.

    Middles, because then each layer of the wall is counted whole and the flat ends lie half way between two.
    """
    kept: list[float] = []
    thickness = []
    for low, high in itertools.pairwise(stops):
        if high - low > SAME_HEIGHT:
            count = max(round((high - low) / step), 1)
            thickness.append((high - low) / count)
            kept += (low + (np.arange(count) + 0.5) * thickness[-1]).tolist()
    below = [stops[0] - part * thickness[0] for part in (1.5, 0.5)]
    above = [stops[-1] + part * thickness[-1] for part in (0.5, 1.5)]
    return np.array([*below, *kept, *above])


def _plane(
    edges: NDArray[np.float64], step: float, origin: NDArray[np.float64], size: NDArray[np.int_]
) -> NDArray[np.float32]:
    values = np.full(tuple(size[::-1]), BAND * BAND)
    crossed = np.zeros(values.shape, np.bool_)
    _paint(edges, step, origin[0], origin[1], values, crossed)
    inside = np.logical_xor.accumulate(crossed, axis=1)
    return np.asarray(np.where(inside, 1.0, -1.0) * np.sqrt(values), np.float32)


def _corners(stack: Sequence[Section]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    points = np.concatenate([section.edges.reshape(-1, 2) for section in stack])
    return points.min(axis=0), points.max(axis=0)


@numba.njit(cache=True, nogil=True)
def _paint(
    edges: NDArray[np.float64],
    step: float,
    x0: float,
    y0: float,
    squares: NDArray[np.float64],
    crossed: NDArray[np.bool_],
) -> None:
    """Squared distances to the nearest edge within BAND, and where rows pass the border."""
    rows, columns = squares.shape
    for n in range(len(edges)):
        ax, ay, bx, by = edges[n, 0], edges[n, 1], edges[n, 2], edges[n, 3]
        dx, dy = bx - ax, by - ay
        length = dx * dx + dy * dy
        first_i = max(int((min(ax, bx) - BAND - x0) / step), 0)
        last_i = min(int((max(ax, bx) + BAND - x0) / step) + 1, columns - 1)
        first_j = max(int((min(ay, by) - BAND - y0) / step), 0)
        last_j = min(int((max(ay, by) + BAND - y0) / step) + 1, rows - 1)
        for j in range(first_j, last_j + 1):
            y = y0 + j * step
            if (ay <= y) != (by <= y):
                x = ax + (y - ay) / dy * dx
                i = max(int(np.ceil((x - x0) / step)), 0)
                if i < columns:
                    crossed[j, i] = not crossed[j, i]
            for i in range(first_i, last_i + 1):
                px, py = x0 + i * step - ax, y - ay
                part = 0.0
                if length > 0.0:
                    part = min(max((px * dx + py * dy) / length, 0.0), 1.0)
                ex, ey = px - part * dx, py - part * dy
                square = ex * ex + ey * ey
                if square < squares[j, i]:
                    squares[j, i] = square
