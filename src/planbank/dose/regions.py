"""The connected regions of an ROI's planes, and which of them go on from plane to plane.

Comes in: the planes of an ROI. Goes out: `Region`s with their cells, and chains of regions that
lie on one another one to one; where regions divide, join, or end, so does a chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planbank.dose.coverage import Cells, cover
from planbank.dose.nesting import border, evenodd
from planbank.dose.section import Section, section_of
from planbank.dose.shape import Chain, Layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planbank.dose.planes import Plane

OVERLAP = 0.25
"""Part of the smaller region that must lie on the larger one for the two to be one body."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A connected region on a plane, with its holes: its cells and the contours' vertices (n, 2)."""

    section: Section
    cells: Cells
    vertices: NDArray[np.float64]

    @property
    def box(self) -> NDArray[np.float64]:
        """(2, 2) lowest and highest x, y."""
        return np.array([self.vertices.min(axis=0), self.vertices.max(axis=0)])


def regions_of(
    plane: Plane, size: tuple[float, float], flags: list[str], *, apart: bool = True
) -> list[Region]:
    """The regions of a plane, covered by cells of `size` mm.

    `flags` gains what is odd about the contours; without `apart` all are one region.
    """
    edge = border(plane.polygons)
    parts = edge.parts if apart else (edge.edges,)
    covered = [cover(part, size) for part in parts]
    if any(cells is None for cells in covered):
        edge = evenodd(plane.polygons)
        parts = edge.parts
        covered = [cover(part, size) for part in parts]
    if edge.crossing:
        flags.append("crossing")
    if edge.repeated:
        flags.append("repeated")
    return [
        Region(section_of(plane.position, cells), cells, part[:, :2])
        for part, cells in zip(parts, covered, strict=True)
        if cells is not None and len(cells.area)
    ]


def layers_of(
    planes: Sequence[Sequence[Region]],
    positions: Sequence[float],
    joined: Sequence[bool],
    spacing: float,
    size: tuple[float, float],
    most: float,
) -> list[tuple[Region, Layers]]:
    """Layers of every region.

    Args:
        planes: regions per plane.
        positions: of the planes, ascending, in mm.
        joined: for each pair of neighbouring planes, whether nothing is missing between them.
        spacing: mm to the empty plane beyond an end.
        size: of the cells in mm.
        most: mm, the greatest thickness of a layer.
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
            found += _chained(planes, chain, links, _gaps(positions, joined, spacing), most)
    return found


def _chained(
    planes: Sequence[Sequence[Region]],
    chain: list[tuple[int, int]],
    links: list[NDArray[np.bool_]],
    gaps: list[float],
    most: float,
) -> list[tuple[Region, Layers]]:
    members = [planes[i][k] for i, k in chain]
    (first, k), (last, n) = chain[0], chain[-1]
    open_below = first > 0 and bool(links[first - 1][:, k].any())
    open_above = last < len(links) and bool(links[last][n].any())
    body = Chain([member.section for member in members])
    layers = body.layers(gaps[first], gaps[last + 1], most, open_below, open_above)
    return list(zip(members, layers, strict=True))


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
    shared = np.minimum(a[1], b[1]) - np.maximum(a[0], b[0])
    if (shared <= 0).any():
        return False
    least = min(one.section.area, other.section.area)
    if alone and min(one.section.solidity, other.section.solidity) > 0.9 and shared.prod() > 0.6 * least:
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
