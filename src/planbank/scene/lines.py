"""Contours and isodose lines on one plane, in pixels.

Comes in: a `Frame`, a structure set, a dose. Goes out: polylines as (n, 2) arrays of pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planbank.dose.isodoses import isodoses as lines_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planbank.dicom.structure_set import StructureSet
    from planbank.dose.sampling import Field
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


def isodoses(field: Field, frame: Frame, levels: Sequence[float], step: float = 1.5) -> list[Isodose]:
    """Lines of equal dose on the plane, from the dose model of the DVHs (`planbank.dose.isodoses`).

    Args:
        field: the dose, one grid or several added.
        frame: the plane, of any direction.
        levels: Gy.
        step: mm between the first samples; the lines are drawn to their level whatever it is.
    """
    x, y, _ = frame.grid(step)
    corner = frame.axes.matrix @ frame.origin
    made = lines_on(
        field,
        frame.axes,
        corner[0] + x * frame.spacing[0],
        corner[1] + y * frame.spacing[1],
        float(corner[2]),
        levels,
    )
    return [
        Isodose(gy, [(line - corner[:2]) / np.array(frame.spacing) for line in lines])
        for gy, lines in zip(levels, made, strict=True)
    ]


def _closed(line: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.vstack([line, line[:1]])
