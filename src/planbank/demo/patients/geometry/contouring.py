"""Closed planar contours of a shape on image planes.

Comes in: a shape, plane positions and a step in mm. Goes out: polygons in mm, rounded to 0.1 mm.
"""

from __future__ import annotations

import numpy as np
from contourpy import LineType, contour_generator
from numpy.typing import NDArray

from .shapes import Array, Shape

Polygon = NDArray[np.float64]  # (points, 2), not closed by repetition
SMALLEST = 4.0  # mm2: what is less is no drawing
SLAB = 1_000_000  # samples taken at a time


def draw_contours(shape: Shape, planes: Array, step: float) -> list[tuple[int, Polygon]]:
    """The outlines as (index of the plane, polygon), by marching squares at distance 0.

    `step` is the spacing in mm of the samples; holes come as further polygons of their plane.
    """
    inside = np.flatnonzero((planes > shape.lo[2]) & (planes < shape.hi[2]))
    x, y = (_samples(shape.lo[a], shape.hi[a], step) for a in (0, 1))
    rows = max(1, SLAB // (x.size * y.size))
    drawn: list[tuple[int, Polygon]] = []
    for start in range(0, inside.size, rows):
        part = inside[start : start + rows]
        field = shape.on(x, y, planes[part])
        for k, plane in zip(part, field, strict=True):
            drawn.extend((int(k), polygon) for polygon in _outlines(x, y, plane))
    return drawn


def _outlines(x: Array, y: Array, plane: Array) -> list[Polygon]:
    """The closed lines at distance 0 of one plane."""
    if plane.min() >= 0:
        return []
    # A sample that lies on the level to the bit would make a vertex twice.
    plane = np.where(np.abs(plane) < 1e-4, np.float32(1e-4), plane)
    lines = contour_generator(x, y, plane, line_type=LineType.Separate).lines(0.0)
    polygons = [_tidy(np.asarray(line)) for line in lines]
    return [one for one in polygons if len(one) >= 4 and abs(area(one)) >= SMALLEST]


def area(polygon: Polygon) -> float:
    """The signed area in mm2 (shoelace)."""
    x, y = polygon[:, 0], polygon[:, 1]
    return float(0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def _samples(lo: float, hi: float, step: float) -> Array:
    count = max(4, int(np.ceil((hi - lo) / step)) + 3)
    middle = (lo + hi) / 2
    return ((np.arange(count) - (count - 1) / 2) * step + middle).astype(np.float32)


def _tidy(line: NDArray[np.float64]) -> Polygon:
    """Rounded to 0.1 mm, without the closing repetition and without points that fell together."""
    points = np.round(line, 1)
    keep = np.any(points != np.roll(points, 1, axis=0), axis=1)
    return points[keep]
