"""The connected regions of an ROI's planes, and which of them go on from plane to plane.

Comes in: the planes of an ROI. Goes out: `Region`s with their cells, and chains of regions that
lie on one another one to one; where regions divide, join, or end, so does a chain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planbank.dose.coverage import NO_CELLS, Cells, cover
from planbank.dose.nesting import border, evenodd
from planbank.dose.planes import corners
from planbank.dose.profile import End, Net, Piece, pieces
from planbank.dose.section import Section, section_of
from planbank.dose.shape import Layers, layers_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planbank.dose.planes import Plane

OVERLAP = 0.25
"""Part of the smaller region that must lie on the larger one for the two to be one body."""


LEAST_SHARE, MOST_SHARE = 0.6, 1.4
"""Bounds of the volume between planes where regions divide or join, over that of half slabs."""

LEAST_AREA = 1e-6
"""mm2; less is no region."""

NOBODY = np.zeros(0, bool)


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A connected region on a plane.

    Attributes:
        section: of its rim, holes not counted.
        holes: sections of its holes.
        area: mm2 without the holes.
        edges: (n, 4) mm, of its rim and holes.
        size: mm, of its cells.
        box: mm, lowest x and y, highest x and y.
        kept: its cells, where they had to be made to see that its contours are in order.
    """

    section: Section
    holes: tuple[Section, ...]
    area: float
    edges: NDArray[np.float64]
    size: tuple[float, float]
    box: tuple[float, float, float, float]
    kept: Cells | None = None

    @property
    def cells(self) -> Cells:
        """The covered cells. A lone region's are made when asked for: a body's would fill the memory."""
        if self.kept is not None:
            return self.kept
        found = cover(self.edges, self.size)
        if found is None:
            found = cover(evenodd([self.vertices]).edges, self.size)
        return found if found is not None else NO_CELLS

    @property
    def vertices(self) -> NDArray[np.float64]:
        """(n, 2) mm, of all its contours."""
        return self.edges[:, :2]

    @property
    def net(self) -> Net:
        """Without its holes."""
        around = self.section.perimeter + sum(hole.perimeter for hole in self.holes)
        return Net(self.area, around, len(self.holes))


def regions_of(
    plane: Plane, size: tuple[float, float], flags: list[str], *, apart: bool = True
) -> list[Region]:
    """The regions of a plane, covered by cells of `size` mm.

    `flags` gains what is odd about the contours; without `apart` all are one region.
    """
    edge = border(plane.polygons)
    parts = edge.parts if apart or not len(edge.edges) else ((edge.edges,),)
    regions = [region_of(plane.position, part, size) for part in parts]
    if len(edge.edges) and (len(plane.polygons) > 1 or len(regions) > 1 or len(parts[0]) > 1):
        covered = [cover(one.edges, size) for one in regions]
        if any(cells is None for cells in covered):
            edge = evenodd(plane.polygons)
            regions = [region_of(plane.position, part, size) for part in edge.parts]
            covered = [cover(one.edges, size) for one in regions]
        regions = [replace(one, kept=cells) for one, cells in zip(regions, covered, strict=True) if cells]
    if edge.crossing:
        flags.append("crossing")
    if edge.repeated:
        flags.append("repeated")
    return [one for one in regions if one.area > LEAST_AREA]


def region_of(position: float, part: tuple[NDArray[np.float64], ...], size: tuple[float, float]) -> Region:
    """The region of a part: the edges (n, 4) of its rim, then of its holes."""
    rim, *holes = (section_of(position, edges) for edges in part)
    edges = part[0] if len(part) == 1 else np.concatenate(part)
    area = rim.area - sum(hole.area for hole in holes)
    return Region(rim, tuple(holes), area, edges, size, corners(edges))


def layers_of(
    planes: Sequence[Sequence[Region]],
    positions: Sequence[float],
    joined: Sequence[bool],
    spacing: float,
    size: tuple[float, float],
    most: float,
    *,
    merged: bool = False,
) -> list[tuple[Region, Layers]]:
    """Layers of every region.

    Args:
        planes: regions per plane.
        positions: of the planes, ascending, in mm.
        joined: for each pair of neighbouring planes, whether nothing is missing between them.
        spacing: mm to the empty plane beyond an end.
        size: of the cells in mm.
        most: mm, the greatest thickness of a layer.
        merged: what lies just below and above a plane may be one layer.
    """
    links = [
        _links(low, high, size) if together else np.zeros((len(low), len(high)), bool)
        for low, high, together in zip(planes, planes[1:], joined, strict=False)
    ]
    found: list[tuple[Region, Layers]] = []
    for i, regions in enumerate(planes):
        for k in range(len(regions)):
            if i and _partner(links[i - 1].T, k) is not None:
                continue
            chain = [(i, k)]
            while chain[-1][0] < len(links):
                onward = _partner(links[chain[-1][0]], chain[-1][1])
                if onward is None:
                    break
                chain.append((chain[-1][0] + 1, onward))
            found += _chained(planes, chain, links, _gaps(positions, joined, spacing), most, merged)
    return found


def _chained(
    planes: Sequence[Sequence[Region]],
    chain: list[tuple[int, int]],
    links: list[NDArray[np.bool_]],
    gaps: list[float],
    most: float,
    merged: bool,
) -> list[tuple[Region, Layers]]:
    members = [planes[i][k] for i, k in chain]
    (first, k), (last, n) = chain[0], chain[-1]
    below, above = End(gaps[first]), End(gaps[last + 1])
    if first > 0 and links[first - 1][:, k].any():
        lower = int(np.nonzero(links[first - 1][:, k])[0][0])
        below = End(gaps[first], True, _share(planes, links, gaps, first - 1, lower))
    if last < len(links) and links[last][n].any():
        above = End(gaps[last + 1], True, _share(planes, links, gaps, last, n))
    sections, areas = [one.section for one in members], [one.area for one in members]
    hollow = any(one.holes for one in members)
    rim = pieces(sections, below, above, [one.net for one in members] if hollow else None)
    holes = _holes(members, below, above) if hollow else []
    layers = layers_from(sections, areas, rim, holes, most, merged=merged)
    return list(zip(members, layers, strict=True))


def _share(
    planes: Sequence[Sequence[Region]], links: list[NDArray[np.bool_]], gaps: list[float], i: int, k: int
) -> float:
    """Volume between planes i and i + 1, where region k divides or joins, over that of half slabs.

    The total area of what meets there changes smoothly even where its parts do not: it is bent
    as it is at both planes, like the covariance elsewhere.
    """
    low, high = np.zeros(len(planes[i]), bool), np.zeros(len(planes[i + 1]), bool)
    low[k] = True
    for _ in range(len(low) + len(high)):
        high = np.atleast_1d(links[i][low].any(axis=0))
        low = np.atleast_1d(links[i][:, high].any(axis=1))
    here, there = _area_of(planes[i], low), _area_of(planes[i + 1], high)
    step, bends = gaps[i + 1], []
    under = np.atleast_1d(links[i - 1][:, low].any(axis=1)) if i > 0 else NOBODY
    over = np.atleast_1d(links[i + 1][high].any(axis=0)) if i + 1 < len(links) else NOBODY
    if under.any():
        fall = (here - _area_of(planes[i - 1], under)) / gaps[i]
        bends.append(((there - here) / step - fall) / (step + gaps[i]))
    if over.any():
        rise = (_area_of(planes[i + 2], over) - there) / gaps[i + 2]
        bends.append((rise - (there - here) / step) / (step + gaps[i + 2]))
    if len(bends) < 2:
        return 1.0
    share = 1.0 - sum(bends) / 2.0 * step * step / (3.0 * (here + there))
    return float(min(max(share, LEAST_SHARE), MOST_SHARE))


def _area_of(regions: Sequence[Region], chosen: NDArray[np.bool_]) -> float:
    return float(sum(region.area for region, is_in in zip(regions, chosen, strict=True) if is_in))


def _holes(members: Sequence[Region], below: End, above: End) -> list[Piece]:
    """Pieces of all holes of a chain of regions; where a hole ends within, it is capped like a region."""
    running: list[list[Section]] = []
    done: list[tuple[list[Section], int, int]] = []
    for i, one in enumerate(members):
        left = list(one.holes)
        going: list[list[Section]] = []
        for hole in running:
            onward = min(left, key=lambda other: _apart(hole[-1], other), default=None)
            if onward is not None and _apart(hole[-1], onward) < 1.0:
                left = [other for other in left if other is not onward]
                going.append([*hole, onward])
            else:
                done.append((hole, i - len(hole), i - 1))
        running = going + [[hole] for hole in left]
    done += [(hole, len(members) - len(hole), len(members) - 1) for hole in running]
    found: list[Piece] = []
    for hole, first, last in done:
        under = _beyond(members, first, first - 1, below)
        over = _beyond(members, last, last + 1, above)
        found += pieces(hole, under, over)
    return found


def _beyond(members: Sequence[Region], at: int, beyond: int, end: End) -> End:
    """What a hole's end meets: the region without a hole, or with the region's end its own, even one."""
    if 0 <= beyond < len(members):
        return End(abs(members[beyond].section.position - members[at].section.position))
    return End(end.gap, True)


def _apart(one: Section, other: Section) -> float:
    """Distance of two sections beside their sizes; below 1 they lie on one another."""
    far = float(np.hypot(*(one.centroid - other.centroid)))
    return far / float(0.6 * (np.sqrt(one.area / np.pi) + np.sqrt(other.area / np.pi)))


def _gaps(positions: Sequence[float], joined: Sequence[bool], spacing: float) -> list[float]:
    """mm to the plane below each plane and, last, above the last one."""
    between = [
        high - low if together else spacing
        for low, high, together in zip(positions, positions[1:], joined, strict=False)
    ]
    return [spacing, *between, spacing]


def _partner(links: NDArray[np.bool_], k: int) -> int | None:
    """The one region that lies on region k and on no other; None where there is none or several."""
    others = np.nonzero(links[k])[0]
    if len(others) != 1 or links[:, others[0]].sum() != 1:
        return None
    return int(others[0])


def _links(low: Sequence[Region], high: Sequence[Region], size: tuple[float, float]) -> NDArray[np.bool_]:
    """(n, m) whether regions of neighbouring planes lie on one another."""
    links = np.zeros((len(low), len(high)), bool)
    for i, one in enumerate(low):
        for j, other in enumerate(high):
            links[i, j] = _overlap(one, other, size, alone=len(low) == len(high) == 1)
    return links


def _overlap(one: Region, other: Region, size: tuple[float, float], *, alone: bool) -> bool:
    a, b = one.box, other.box
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0.0 or height <= 0.0:
        return False
    least = min(one.area, other.area)
    if alone and min(one.section.solidity, other.section.solidity) > 0.9 and width * height > 0.6 * least:
        return True
    left, right = _keys(one.cells, size), _keys(other.cells, size)
    _, first, second = np.intersect1d(left, right, return_indices=True)
    both = np.minimum(one.cells.area[first], other.cells.area[second]).sum()
    return bool(both > OVERLAP * least)


def _keys(cells: Cells, size: tuple[float, float]) -> NDArray[np.int64]:
    """A number for each cell of the common grid, from its centroid."""
    column = np.floor(cells.x / size[0]).astype(np.int64)
    row = np.floor(cells.y / size[1]).astype(np.int64)
    return column + (row << 32)
