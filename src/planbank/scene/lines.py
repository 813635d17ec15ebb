"""Contours and isodose lines on one plane, in pixels.

Comes in: a `Frame`, a structure set, a dose. Goes out: polylines as (n, 2) arrays of pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from contourpy import contour_generator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planbank.dicom.dose_grid import DoseGrid
    from planbank.dicom.structure_set import StructureSet
    from planbank.scene.plane import Frame

Lines = list["NDArray[np.float64]"]
PARALLEL = 0.05
"""mm by which the points of one contour may leave their plane."""


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """One ROI on the plane: number, colour '#rrggbb' and closed polylines in pixels."""

    number: int
    name: str
    colour: str
    lines: Lines


@dataclass(frozen=True, slots=True, eq=False)
class Isodose:
    """One level in Gy and its polylines in pixels; closed where the line does not leave the grid."""

    gy: float
    lines: Lines


def outlines(structure_set: StructureSet, frame: Frame, half_slice: float) -> list[Outline]:
    """Contours that lie on the plane: within half a slice (mm), matched by position, never by UID (R100).

    Where several planes of an ROI are that near, the nearest one is drawn.
    """
    found = []
    for roi in structure_set.rois:
        near: list[tuple[float, NDArray[np.float64]]] = []
        for points in roi.contours:
            if len(points) < 3:
                continue
            away = frame.distance(points)
            if np.ptp(away) <= PARALLEL + 0.1 * half_slice and abs(float(away.mean())) <= half_slice:
                near.append((abs(float(away.mean())), points))
        nearest = min((d for d, _ in near), default=0.0)
        lines = [_closed(frame.to_pixels(points)) for d, points in near if d <= nearest + PARALLEL]
        if lines:
            colour = "#{:02x}{:02x}{:02x}".format(*(roi.colour or (255, 255, 255)))
            found.append(Outline(roi.number, roi.name, colour, lines))
    return found


def isodoses(
    grids: Sequence[DoseGrid],
    scales: Sequence[float],
    frame: Frame,
    levels: Sequence[float],
    step: float = 1.5,
) -> list[Isodose]:
    """Lines of equal dose on the plane. Trilinear dose every `step` mm; outside the grid there is none."""
    x, y, points = frame.grid(step)
    total = np.zeros(points.shape[:2])
    for grid, scale in zip(grids, scales, strict=True):
        total += scale * plane_dose(grid, points)
    lines = contour_generator(x, y, np.ma.masked_invalid(total))
    return [Isodose(gy, [np.asarray(line) for line in lines.lines(gy)]) for gy in levels]


def plane_dose(grid: DoseGrid, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Trilinear values of a grid at patient points (..., 3); NaN outside it."""
    index = grid.geometry.local(points)[..., ::-1]
    size = np.array(grid.values.shape)
    inside = np.all((index >= -1e-3) & (index <= size - 1 + 1e-3), axis=-1)
    clipped = np.clip(index, 0, size - 1)
    low = np.minimum(clipped.astype(np.int64), np.maximum(size - 2, 0))
    part = clipped - low
    high = np.minimum(low + 1, size - 1)
    value = np.zeros(points.shape[:-1])
    for corner in range(8):
        bits = [(corner >> axis) & 1 for axis in range(3)]
        at = tuple(np.where(b, high[..., a], low[..., a]) for a, b in enumerate(bits))
        weight = np.prod([part[..., a] if b else 1 - part[..., a] for a, b in enumerate(bits)], axis=0)
        value += weight * grid.values[at]
    return np.where(inside, value, np.nan)


def _closed(line: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.vstack([line, line[:1]])
