"""Polygon algebra: several regions of a plane, joined by any rule, exactly.

Comes in: borders of regions, each edge with the number of its region, and a table that says for
every combination of regions whether a point that lies in just those belongs to the result. Goes
out: the border of the result. One sweep does a whole expression: the plane is cut into strips
between vertices and crossings; within a strip no edges cross, so walking it from left to right
tells at each edge in which regions one is. Pieces of edges are kept as they were drawn: areas are
exact but for rounding, and nothing is snapped to a raster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from planbank.dose.nesting import crossing_heights
from planbank.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST_REGIONS = 16
"""Regions in one expression; the table has two to the power of them."""

TOGETHER = 1e-7
"""mm within which edges of a strip are one: a border that two regions share leaves no sliver."""


def overlay(borders: Sequence[NDArray[np.float64]], table: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The border of the points whose combination of regions the table takes.

    Args:
        borders: for each region its edges (n, 4) x0, y0, x1, y1 in mm, closed loops in any
            direction; a point is in a region by the even-odd rule.
        table: (2 ** len(borders),) with region k as bit k; the first entry, outside of all, is
            False.

    Returns edges (m, 4) with the result on their left, as `planbank.dose.coverage.cover` takes
    them. Level edges are left out: they bound no area that is integrated over y. Raises
    ExpressionError where the contours cross more often than anything drawn does.
    """
    return _joined(borders, table, _NO_WEIGHTS, 0.0)


def vote(
    borders: Sequence[NDArray[np.float64]], weights: NDArray[np.float64], threshold: float
) -> NDArray[np.float64]:
    """The border of the points where the weights of the regions that hold them sum to more than `threshold`.

    Args:
        borders: as for `overlay`, of any number of regions.
        weights: (len(borders),).
        threshold: 0 or more, so that nothing is taken where there is no region; less counts as 0.

    Returns and raises as `overlay`.
    """
    return _joined(borders, _NO_TABLE, np.asarray(weights, float), max(threshold, 0.0))


_NO_TABLE, _NO_WEIGHTS = np.zeros(0, np.bool_), np.zeros(0)


def _joined(
    borders: Sequence[NDArray[np.float64]],
    table: NDArray[np.bool_],
    weights: NDArray[np.float64],
    threshold: float,
) -> NDArray[np.float64]:
    sizes = [len(border) for border in borders]
    if not sum(sizes):
        return np.empty((0, 4))
    edges = np.concatenate(borders)
    owner = np.repeat(np.arange(len(borders)), sizes)
    order = np.argsort(np.minimum(edges[:, 1], edges[:, 3]), kind="stable")
    edges, owner = np.ascontiguousarray(edges[order]), owner[order]
    heights = crossing_heights(edges)
    if heights is None:
        raise ExpressionError("The contours cross one another too often to be combined.")
    levels = np.unique(np.concatenate((edges[:, 1], edges[:, 3], heights)))
    out = np.empty((2 * (len(edges) + 2 * len(heights)) + 16, 4))
    count = _sweep_strips(edges, owner, levels, table, weights, threshold, out)
    if count > len(out):
        out = np.empty((count, 4))
        _sweep_strips(edges, owner, levels, table, weights, threshold, out)
    return out[:count].copy()


def area_of(edges: NDArray[np.float64]) -> float:
    """mm2 on the left of closed edges."""
    return float(0.5 * (edges[:, 0] + edges[:, 2]) @ (edges[:, 3] - edges[:, 1]))


@numba.njit(cache=True, nogil=True)
def _sweep_strips(
    edges: NDArray[np.float64],
    owner: NDArray[np.int64],
    levels: NDArray[np.float64],
    table: NDArray[np.bool_],
    weights: NDArray[np.float64],
    threshold: float,
    out: NDArray[np.float64],
) -> int:
    """Pieces of the result's border; returns how many, and writes as many as `out` holds.

    `turn` is what an edge bounds in the strip below: 1 the result begins right of it, -1 ends.
    """
    middles, which = np.empty(len(edges)), np.empty(len(edges), np.int64)
    turn, begun = np.zeros(len(edges), np.int8), np.zeros(len(edges))
    now = np.zeros(len(edges), np.int8)
    inside = np.zeros(len(weights), np.bool_)
    count, first = 0, 0
    for s in range(len(levels) - 1):
        low, high = levels[s], levels[s + 1]
        held, k, settled = 0, first, True
        while k < len(edges) and min(edges[k, 1], edges[k, 3]) <= low:
            top = max(edges[k, 1], edges[k, 3])
            settled = settled and top <= low
            if settled:
                first = k + 1
            if top >= high and edges[k, 1] != edges[k, 3]:
                middles[held] = _x_at(edges[k], 0.5 * (low + high))
                which[held] = k
                now[k] = 0
                held += 1
            k += 1
        ranks = np.argsort(middles[:held])
        if len(table):
            _walk(middles, which, ranks, owner, table, now)
        else:
            _weigh(middles, which, ranks, owner, weights, threshold, inside, now)
        for rank in range(held):
            k = which[rank]
            if turn[k] != now[k]:
                if turn[k] != 0:
                    _put(edges[k], begun[k], low, turn[k], count, out)
                    count += 1
                turn[k], begun[k] = now[k], low
            if turn[k] != 0 and max(edges[k, 1], edges[k, 3]) <= high:
                _put(edges[k], begun[k], high, turn[k], count, out)
                count += 1
                turn[k] = 0
    return count


@numba.njit(cache=True, nogil=True)
def _walk(
    middles: NDArray[np.float64],
    which: NDArray[np.int64],
    ranks: NDArray[np.int64],
    owner: NDArray[np.int64],
    table: NDArray[np.bool_],
    now: NDArray[np.int8],
) -> None:
    """From left to right through one strip: what each edge bounds; one of those that lie together speaks."""
    regions, place = 0, 0
    while place < len(ranks):
        before = regions
        leader = which[ranks[place]]
        x = middles[ranks[place]]
        while place < len(ranks) and middles[ranks[place]] - x <= TOGETHER:
            regions ^= 1 << owner[which[ranks[place]]]
            place += 1
        now[leader] = np.int8(table[regions]) - np.int8(table[before])


@numba.njit(cache=True, nogil=True)
def _weigh(
    middles: NDArray[np.float64],
    which: NDArray[np.int64],
    ranks: NDArray[np.int64],
    owner: NDArray[np.int64],
    weights: NDArray[np.float64],
    threshold: float,
    inside: NDArray[np.bool_],
    now: NDArray[np.int8],
) -> None:
    """As `_walk`, by a vote; `inside` is room for who holds the place that is reached."""
    inside[:] = False
    place, before = 0, False
    while place < len(ranks):
        leader = which[ranks[place]]
        x = middles[ranks[place]]
        while place < len(ranks) and middles[ranks[place]] - x <= TOGETHER:
            region = owner[which[ranks[place]]]
            inside[region] = not inside[region]
            place += 1
        total = 0.0
        for region in range(len(weights)):
            if inside[region]:
                total += weights[region]
        taken = total > threshold
        now[leader] = np.int8(taken) - np.int8(before)
        before = taken


@numba.njit(cache=True, nogil=True)
def _put(
    edge: NDArray[np.float64], low: float, high: float, turn: int, place: int, out: NDArray[np.float64]
) -> None:
    """One piece of an edge: down where the result lies right of it, else up."""
    if place >= len(out):
        return
    start, stop = (high, low) if turn > 0 else (low, high)
    out[place, 0], out[place, 1] = _x_at(edge, start), start
    out[place, 2], out[place, 3] = _x_at(edge, stop), stop


@numba.njit(cache=True, nogil=True)
def _x_at(edge: NDArray[np.float64], y: float) -> float:
    return float(edge[0] + (y - edge[1]) / (edge[3] - edge[1]) * (edge[2] - edge[0]))
