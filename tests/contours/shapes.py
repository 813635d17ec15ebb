"""Shapes with known answers, as contours in patient coordinates (mm)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from planbank.contours import body_of_contours
from planbank.dicom.contours import Contours
from planbank.dose.derived.bodies import Body

Array = NDArray[np.float64]


def contours_of(rings: Sequence[Array]) -> Contours:
    """Closed planar contours."""
    offsets = np.concatenate(([0], np.cumsum([len(ring) for ring in rings]))).astype(np.int64)
    points = np.concatenate(rings) if rings else np.empty((0, 3))
    return Contours(points, offsets, ("CLOSED_PLANAR",) * len(rings), ("",) * len(rings))


def body(rings: Sequence[Array], spacing: float | None = None) -> Body:
    return body_of_contours(contours_of(rings), spacing)


def ring(radius: float, z: float, centre: Sequence[float] = (0, 0), points: int = 180) -> Array:
    """A circle as a polygon of the same area."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False) + 0.1
    drawn = radius * np.sqrt(2 * np.pi / points / np.sin(2 * np.pi / points))
    return np.column_stack(
        [centre[0] + drawn * np.cos(angle), centre[1] + drawn * np.sin(angle), np.full(points, z)]
    )


def ball(
    radius: float, spacing: float, centre: Sequence[float] = (0, 0, 0), points: int = 180
) -> list[Array]:
    first = np.ceil((centre[2] - radius) / spacing + 1e-9)
    heights = np.arange(first, np.floor((centre[2] + radius) / spacing - 1e-9) + 1) * spacing
    return [ring(np.sqrt(radius**2 - (z - centre[2]) ** 2), z, centre, points) for z in heights]


def cylinder(radius: float, heights: Sequence[float], centre: Sequence[float] = (0, 0)) -> list[Array]:
    return [ring(radius, z, centre) for z in heights]


def box(low: Sequence[float], high: Sequence[float], heights: Sequence[float]) -> list[Array]:
    (x0, y0), (x1, y1) = low, high
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], float)
    return [np.column_stack([corners, np.full(4, z)]) for z in heights]


def moved(rings: Sequence[Array], by: Sequence[float]) -> list[Array]:
    return [points + np.asarray(by, float) for points in rings]
