"""Which side of a contour is inside: orientation by nesting (even-odd).

Comes in: the closed contours of one plane. Goes out: their edges, turned so that the region
lies on the left of each: outer contours counter-clockwise, holes clockwise. Keyholes pass
through, because a bridge walked both ways cancels. Contours that cross are cut into strips
between their vertices and crossings, and each strip is filled by the even-odd rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Polygon = NDArray[np.float64]


MOST_EDGES = 50_000
"""Edges of one plane up to which crossings are looked for; far beyond what is drawn."""

MOST_CROSSINGS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Border:
    """The border of a plane's region.

    Attributes:
        edges: (n, 4) x0, y0, x1, y1; the region lies on the left.
        area: mm2 within.
        crossing: contours cross themselves or each other, so that even-odd strips were used.
        repeated: identical contours were found and counted once.
        parts: of each connected part the edges of its rim and of every hole; where contours cross,
            all as one rim.
    """

    edges: NDArray[np.float64]
    area: float
    crossing: bool
    repeated: bool
    parts: tuple[tuple[NDArray[np.float64], ...], ...] = ()


def border(polygons: Sequence[Polygon]) -> Border:
    """The border of the region that closed polygons (n, 2) in mm enclose by even-odd."""
    kept, repeated = _without_repeats(polygons)
    if not kept:
        return Border(np.empty((0, 4)), 0.0, False, repeated)
    edges = [_edges(polygon) for polygon in kept]
    every = np.concatenate(edges) if len(kept) > 1 else edges[0]
    if len(every) <= MOST_EDGES and crosses(every):
        return _by_strips(every, repeated)
    areas = [_signed_area(polygon) for polygon in kept]
    signs = [1.0 if area >= 0 else -1.0 for area in areas]
    holders = _holders(kept, [abs(area) for area in areas]) if len(kept) > 1 else [[]]
    signs = [sign if len(held) % 2 == 0 else -sign for sign, held in zip(signs, holders, strict=True)]
    turned = [
        own if sign > 0 else _edges(polygon, sign)
        for polygon, own, sign in zip(kept, edges, signs, strict=True)
    ]
    total = sum(sign * area for sign, area in zip(signs, areas, strict=True))
    parts: dict[int, list[NDArray[np.float64]]] = {
        i: [] for i, held in enumerate(holders) if len(held) % 2 == 0
    }
    for i, (held, own) in enumerate(zip(holders, turned, strict=True)):
        of = i if len(held) % 2 == 0 else min(held, key=lambda j: abs(areas[j]))
        part = parts.get(of, parts[next(iter(parts))])
        part.insert(0 if i == of else len(part), own)
    apart = tuple(tuple(part) for part in parts.values())
    together = np.concatenate(turned) if len(turned) > 1 else turned[0]
    return Border(together, float(total), False, repeated, apart)


def evenodd(polygons: Sequence[Polygon]) -> Border:
    """Like `border`, by strips in any case: slower, and right for whatever crosses or winds twice."""
    kept, repeated = _without_repeats(polygons)
    if not kept:
        return Border(np.empty((0, 4)), 0.0, False, repeated)
    return _by_strips(np.concatenate([_edges(polygon) for polygon in kept]), repeated)


def _edges(polygon: Polygon, sign: float = 1.0) -> NDArray[np.float64]:
    return _turned(polygon, sign > 0)


@numba.njit(cache=True, nogil=True)
def _turned(polygon: Polygon, same: bool) -> NDArray[np.float64]:
    """Edges in the polygon's own sense or the other."""
    count = len(polygon)
    edges = np.empty((count, 4))
    for k in range(count):
        at = k if same else count - 1 - k
        after = (at + 1) % count if same else (at - 1) % count
        edges[k, 0], edges[k, 1] = polygon[at, 0], polygon[at, 1]
        edges[k, 2], edges[k, 3] = polygon[after, 0], polygon[after, 1]
    return edges


@numba.njit(cache=True, nogil=True)
def _signed_area(polygon: Polygon) -> float:
    total = 0.0
    for k in range(1, len(polygon) - 1):
        x0, y0 = polygon[k, 0] - polygon[0, 0], polygon[k, 1] - polygon[0, 1]
        x1, y1 = polygon[k + 1, 0] - polygon[0, 0], polygon[k + 1, 1] - polygon[0, 1]
        total += x0 * y1 - y0 * x1
    return 0.5 * total


def _without_repeats(polygons: Sequence[Polygon]) -> tuple[list[Polygon], bool]:
    """Polygons of three points or more, apart where they touch themselves; one of what is drawn twice."""
    kept: list[Polygon] = []
    seen: set[bytes] = set()
    repeated = False
    for polygon in polygons:
        if len(polygon) < 3:
            continue
        if len(polygons) > 1:
            key = np.unique(np.round(polygon, 3) + 0.0, axis=0).tobytes()
            if key in seen:
                repeated = True
                continue
            seen.add(key)
        kept += _loops(np.ascontiguousarray(polygon))
    return kept, repeated


def _loops(polygon: Polygon) -> list[Polygon]:
    """A polygon taken apart where it comes back to one of its own points.

    So a keyhole becomes a rim and a hole, and its bridge, walked both ways, is gone.
    """
    same = _first_visits(polygon.view(np.int64))
    if not len(same):
        return [polygon]
    loops: list[Polygon] = []
    path: list[int] = []
    place: dict[int, int] = {}
    for k, first in enumerate(same.tolist()):
        if first in place:
            start = place[first]
            loop = path[start:]
            for gone in loop[1:]:
                place.pop(int(same[gone]), None)
            del path[start + 1 :]
            if len(loop) >= 3:
                loops.append(np.ascontiguousarray(polygon[loop]))
            continue
        place[first] = len(path)
        path.append(k)
    if len(path) >= 3:
        loops.append(np.ascontiguousarray(polygon[path]))
    return loops


@numba.njit(cache=True, nogil=True)
def _first_visits(bits: NDArray[np.int64]) -> NDArray[np.int64]:
    """For every point (the bits of its coordinates) the first one at its place; empty where all differ."""
    count = len(bits)
    size = 4
    while size < 2 * count:
        size *= 2
    table = np.full(size, -1, np.int64)
    first = np.empty(count, np.int64)
    repeated = False
    for k in range(count):
        mixed = bits[k, 0] * 31 + bits[k, 1]
        mixed ^= mixed >> 33
        mixed *= -49064778989728563
        mixed ^= mixed >> 29
        at = mixed & (size - 1)
        first[k] = k
        while table[at] >= 0:
            other = table[at]
            if bits[other, 0] == bits[k, 0] and bits[other, 1] == bits[k, 1]:
                first[k] = other
                repeated = True
                break
            at = (at + 1) & (size - 1)
        if first[k] == k:
            table[at] = k
    return first if repeated else first[:0]


def _holders(polygons: list[Polygon], areas: list[float]) -> list[list[int]]:
    """Which other polygons each lies in."""
    boxes = [(polygon.min(axis=0), polygon.max(axis=0)) for polygon in polygons]
    holders = []
    for i, inner in enumerate(polygons):
        held = []
        for j, outer in enumerate(polygons):
            apart = (boxes[i][0] < boxes[j][0] - 1e-6).any() or (boxes[i][1] > boxes[j][1] + 1e-6).any()
            if i != j and not apart and areas[j] > areas[i] and _lies_in(inner, outer):
                held.append(j)
        holders.append(held)
    return holders


@numba.njit(cache=True, nogil=True)
def _lies_in(inner: Polygon, outer: Polygon) -> bool:
    """Whether most vertices and edge middles of one polygon lie in the other (they do not cross)."""
    votes = 0
    n, m = len(inner), len(outer)
    step = max(n // 8, 1)
    for k in range(0, n, step):
        nxt = (k + 1) % n
        for half in range(2):
            x = inner[k, 0] if half == 0 else 0.5 * (inner[k, 0] + inner[nxt, 0])
            y = inner[k, 1] if half == 0 else 0.5 * (inner[k, 1] + inner[nxt, 1])
            within, j = False, m - 1
            for i in range(m):
                if (outer[i, 1] > y) != (outer[j, 1] > y):
                    t = (y - outer[i, 1]) / (outer[j, 1] - outer[i, 1])
                    if x < outer[i, 0] + t * (outer[j, 0] - outer[i, 0]):
                        within = not within
                j = i
            votes += 1 if within else -1
    return votes > 0


@numba.njit(cache=True, nogil=True)
def _meet(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Where along edge a edge b crosses it properly, 0 to 1; -1 where it does not.

    Shared ends, touching and overlapping are no crossings.
    """
    dx, dy = a[2] - a[0], a[3] - a[1]
    start = dx * (b[1] - a[1]) - dy * (b[0] - a[0])
    stop = dx * (b[3] - a[1]) - dy * (b[2] - a[0])
    if start * stop >= 0.0:
        return -1.0
    ex, ey = b[2] - b[0], b[3] - b[1]
    first = ex * (a[1] - b[1]) - ey * (a[0] - b[0])
    second = ex * (a[3] - b[1]) - ey * (a[2] - b[0])
    if first * second >= 0.0:
        return -1.0
    return float(first / (first - second))


@numba.njit(cache=True, nogil=True)
def _sweep(edges: NDArray[np.float64], order: NDArray[np.int64], found: NDArray[np.float64]) -> int:
    """Crossings of edges sorted by their lowest y; their heights go to `found` as far as it reaches."""
    active = np.empty(len(edges), np.int64)
    held, count = 0, 0
    for k in order:
        edge = edges[k]
        low, high = min(edge[1], edge[3]), max(edge[1], edge[3])
        left, right = min(edge[0], edge[2]), max(edge[0], edge[2])
        kept = 0
        for j in range(held):
            other = edges[active[j]]
            if max(other[1], other[3]) < low:
                continue
            active[kept] = active[j]
            kept += 1
            if max(other[0], other[2]) < left or min(other[0], other[2]) > right:
                continue
            if min(other[1], other[3]) > high:
                continue
            t = _meet(edge, other)
            if t >= 0.0:
                if count < len(found):
                    found[count] = edge[1] + t * (edge[3] - edge[1])
                count += 1
                if len(found) == 0:
                    return count
        held = kept
        active[held] = k
        held += 1
    return count


def crosses(edges: NDArray[np.float64]) -> bool:
    """Whether any two edges cross properly."""
    return bool(_sweep(edges, np.argsort(_lowest(edges)), np.empty(0)))


@numba.njit(cache=True, nogil=True)
def _lowest(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    out = np.empty(len(edges))
    for k in range(len(edges)):
        out[k] = min(edges[k, 1], edges[k, 3])
    return out


def crossing_heights(edges: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """(n,) y at which edges (m, 4) cross properly, unsorted; None where they are beyond MOST_CROSSINGS."""
    order = np.argsort(np.minimum(edges[:, 1], edges[:, 3]))
    heights = np.empty(64)
    count = _sweep(edges, order, heights)
    if count > MOST_CROSSINGS:
        return None
    if count > len(heights):
        heights = np.empty(count)
        count = _sweep(edges, order, heights)
    return heights[:count]


def _by_strips(edges: NDArray[np.float64], repeated: bool) -> Border:
    heights = crossing_heights(edges)
    if heights is None:
        return Border(np.empty((0, 4)), 0.0, True, repeated)
    order = np.argsort(np.minimum(edges[:, 1], edges[:, 3]))
    levels = np.unique(np.concatenate((edges[:, 1], edges[:, 3], heights)))
    size = int(_fill_strips(edges[order], levels, np.empty((0, 4))))
    out = np.empty((size, 4))
    _fill_strips(edges[order], levels, out)
    middle = 0.5 * (out[:, 0] + out[:, 2])
    return Border(out, float(middle @ (out[:, 3] - out[:, 1])), True, repeated, ((out,),))


@numba.njit(cache=True, nogil=True)
def _fill_strips(edges: NDArray[np.float64], levels: NDArray[np.float64], out: NDArray[np.float64]) -> int:
    """Pieces of edges between neighbouring levels, left ones down and right ones up.

    With an empty `out` the pieces are only counted. `edges` are sorted by their lowest y.
    """
    middles, which = np.empty(len(edges)), np.empty(len(edges), np.int64)
    count, first = 0, 0
    for s in range(len(levels) - 1):
        low, high = levels[s], levels[s + 1]
        if high <= low:
            continue
        held, k = 0, first
        settled = True
        while k < len(edges) and min(edges[k, 1], edges[k, 3]) <= low:
            top = max(edges[k, 1], edges[k, 3])
            if top <= low and settled:
                first = k + 1
            settled = settled and top <= low
            if top >= high and edges[k, 1] != edges[k, 3]:
                middles[held] = _x_at(edges[k], 0.5 * (low + high))
                which[held] = k
                held += 1
            k += 1
        for rank, place in enumerate(np.argsort(middles[:held])):
            if len(out):
                edge = edges[which[place]]
                start, stop = (high, low) if rank % 2 == 0 else (low, high)
                out[count, 0], out[count, 1] = _x_at(edge, start), start
                out[count, 2], out[count, 3] = _x_at(edge, stop), stop
            count += 1
    return count


@numba.njit(cache=True, nogil=True)
def _x_at(edge: NDArray[np.float64], y: float) -> float:
    return float(edge[0] + (y - edge[1]) / (edge[3] - edge[1]) * (edge[2] - edge[0]))
