"""Is an ROI next to nothing? For systems that drop empty ROIs, so that people draw a dot instead.

Comes in: the contours of one ROI, in mm. Goes out: whether they are points only, or hold less than
0.1 cc at most: every contour's area times the largest distance between its planes, holes counted as
tissue, so that the answer is yes only where it is certain (model.md, Trigger ROIs).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planbank.dicom.contours import CLOSED_TYPES, Contours

MOST_CC = 0.1
ALONE_MM = 5.0
"""The thickness that is taken for contours on a single plane: thicker than images of planning are."""


def next_to_nothing(contours: Contours) -> bool:
    """Whether the contours are points only, or enclose less than 0.1 cc. No contours: yes."""
    if contours.unreadable:
        return False
    closed = [
        points
        for points, kind in zip(contours, contours.types, strict=True)
        if kind in CLOSED_TYPES or (len(points) > 2 and kind != "POINT")
    ]
    if not closed:
        return all(
            kind == "POINT" or len(points) <= 2 for points, kind in zip(contours, contours.types, strict=True)
        )
    normals = [_area(points) for points in closed]
    total = float(sum(np.linalg.norm(normal) for normal in normals))
    if total == 0.0:
        return True
    largest = max(normals, key=lambda normal: float(np.linalg.norm(normal)))
    direction = largest / np.linalg.norm(largest)
    places = np.unique(np.round([float(points.mean(axis=0) @ direction) for points in closed], 2))
    thickness = max(ALONE_MM, float(np.diff(places).max())) if len(places) > 1 else ALONE_MM
    return total * thickness / 1000.0 < MOST_CC


def _area(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The area vector of a polygon in space, mm2 (half the sum of cross products)."""
    moved = points - points[0]
    area: NDArray[np.float64] = 0.5 * np.cross(moved, np.roll(moved, -1, axis=0)).sum(axis=0)
    return area
