"""Who drew what: the space cut up by the borders of all bodies.

Comes in: bodies of one structure by several observers. Goes out: for each set of observers the volume that
just they hold. Overlap, agreement and consensus of any number follow from it, exactly.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

from planbank.dose.derived.overlay import TOGETHER
from planbank.dose.nesting import crossing_heights
from planbank.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from planbank.dose.derived.bodies import Body

MOST_OBSERVERS = 63
PARALLEL = 1e-9
SAME_HEIGHT = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Volumes by who holds them.

    Attributes:
        observers: how many bodies there were.
        held: (n,) int64, bit k is set where body k holds the cell; never 0.
        volumes: (n,) mm3.
        box: mm3 of the box about all bodies, in their axes.
    """

    observers: int
    held: NDArray[np.int64]
    volumes: NDArray[np.float64]
    box: float

    def members(self) -> NDArray[np.bool_]:
        """(n, observers): whether body k holds cell n."""
        return np.asarray((self.held[:, None] >> np.arange(self.observers)) & 1 == 1)


def cells_of(bodies: Sequence[Body]) -> Cells:
    """The cells of at most MOST_OBSERVERS bodies.

    Raises ExpressionError where there are more, or where they are drawn in planes that are not parallel.
    """
    if len(bodies) > MOST_OBSERVERS:
        raise ExpressionError(f"More than {MOST_OBSERVERS} structures are compared at once.")
    must_be_parallel(bodies)
    found: dict[int, float] = {}
    for low, high, borders in layers(bodies):
        for holders, area in areas_by_holder(borders):
            found[holders] = found.get(holders, 0.0) + (high - low) * area
    held = sorted(found)
    return Cells(len(bodies), np.array(held, np.int64), np.array([found[h] for h in held]), _box(bodies))


def must_be_parallel(bodies: Sequence[Body]) -> None:
    """Raises ExpressionError unless all bodies that hold anything have the same axes."""
    drawn = [body for body in bodies if body.prisms]
    if not all(body.axes.parallel(drawn[0].axes, PARALLEL) for body in drawn):
        raise ExpressionError("The structures are drawn in planes that are not parallel.")


def layers(bodies: Sequence[Body]) -> Iterable[tuple[float, float, list[NDArray[np.float64]]]]:
    """Between each two heights at which anything changes: low, high (mm), and the border of each body."""
    heights = np.unique([h for body in bodies for prism in body.prisms for h in (prism.low, prism.high)])
    kept = heights[np.append(True, np.diff(heights) > SAME_HEIGHT)] if len(heights) else heights
    for low, high in itertools.pairwise(kept):
        middle = 0.5 * (low + high)
        borders = []
        for body in bodies:
            here = [prism.edges for prism in body.prisms if prism.low <= middle < prism.high]
            borders.append(np.concatenate(here) if here else np.empty((0, 4)))
        if any(len(border) for border in borders):
            yield float(low), float(high), borders


def areas_by_holder(borders: Sequence[NDArray[np.float64]]) -> list[tuple[int, float]]:
    """Of one plane: mm2 for each set of bodies (as bits) that hold any of it."""
    edges = np.concatenate(borders)
    owner = np.repeat(np.arange(len(borders)), [len(border) for border in borders])
    order = np.argsort(np.minimum(edges[:, 1], edges[:, 3]), kind="stable")
    edges, owner = np.ascontiguousarray(edges[order]), owner[order]
    heights = crossing_heights(edges)
    if heights is None:
        raise ExpressionError("The contours cross one another too often to be compared.")
    levels = np.unique(np.concatenate((edges[:, 1], edges[:, 3], heights)))
    held, areas = _sweep(edges, owner, levels)
    kept, place = np.unique(held, return_inverse=True)
    return list(zip(kept.tolist(), np.bincount(place, areas).tolist(), strict=True))


def _box(bodies: Sequence[Body]) -> float:
    prisms = [prism for body in bodies for prism in body.prisms if len(prism.edges)]
    if not prisms:
        return 0.0
    points = np.concatenate([prism.edges.reshape(-1, 2) for prism in prisms])
    low, high = min(prism.low for prism in prisms), max(prism.high for prism in prisms)
    return float(np.prod(np.ptp(points, axis=0)) * (high - low))


@numba.njit(cache=True, nogil=True)
def _sweep(
    edges: NDArray[np.float64], owner: NDArray[np.int64], levels: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Trapezia between neighbouring edges of each strip: who holds them (bits) and their area.

    `edges` are sorted by their lowest y; within a strip none cross, so their order at its middle is theirs.
    """
    held, areas = np.empty(1024, np.int64), np.empty(1024)
    middles, which = np.empty(len(edges)), np.empty(len(edges), np.int64)
    count, first = 0, 0
    for s in range(len(levels) - 1):
        low, high = levels[s], levels[s + 1]
        inside, k, settled = 0, first, True
        while k < len(edges) and min(edges[k, 1], edges[k, 3]) <= low:
            top = max(edges[k, 1], edges[k, 3])
            settled = settled and top <= low
            if settled:
                first = k + 1
            if top >= high and edges[k, 1] != edges[k, 3]:
                part = (0.5 * (low + high) - edges[k, 1]) / (edges[k, 3] - edges[k, 1])
                middles[inside] = edges[k, 0] + part * (edges[k, 2] - edges[k, 0])
                which[inside] = k
                inside += 1
            k += 1
        ranks = np.argsort(middles[:inside])
        here = np.int64(0)
        for rank in range(inside - 1):
            here ^= np.int64(1) << owner[which[ranks[rank]]]
            width = middles[ranks[rank + 1]] - middles[ranks[rank]]
            if here == 0 or width <= TOGETHER:
                continue
            if count == len(held):
                held, areas = np.append(held, np.empty_like(held)), np.append(areas, np.empty_like(areas))
            held[count], areas[count] = here, width * (high - low)
            count += 1
    return held[:count], areas[:count]
