"""Leaves and jaws about a target as a beam sees it.

Comes in: points on the target's surface and IEC angles. Goes out: leaf and jaw positions in mm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..geometry.contouring import Polygon

SOURCE_AXIS = 1000.0  # mm
MARGIN = 6.0  # mm about the target
Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Aperture:
    """Jaw positions (x1, x2), (y1, y2) and leaf positions (bank A then bank B), mm at the isocentre."""

    x: tuple[float, float]
    y: tuple[float, float]
    leaves: Points


def leaf_boundaries(pairs: int) -> Points:
    """Boundaries in mm: 60 pairs of 10 and 5 mm, or equal leaves over 400 mm."""
    if pairs == 60:
        outer, inner = np.arange(-200, -100, 10.0), np.arange(-100, 100, 5.0)
        return np.concatenate([outer, inner, np.arange(100, 201, 10.0)])
    return np.linspace(-200, 200, pairs + 1)


def surface(contours: list[tuple[int, Polygon]], planes: NDArray[np.float32]) -> Points:
    """The vertices of a target's contours, (n, 3) in mm, at each end of their slice."""
    half = float(planes[1] - planes[0]) / 2
    rows = []
    for k, polygon in contours:
        for shift in (-half, 0.0, half):
            rows.append(np.column_stack([polygon, np.full(len(polygon), planes[k] + shift)]))
    return np.vstack(rows)


def beam_view(points: Points, iso: tuple[float, float, float], gantry: float, collimator: float) -> Points:
    """Points projected to the isocentre plane in beam limiting device coordinates, (n, 2) in mm.

    IEC 61217 with a head-first supine patient: source at the front at 0, at the patient's left at 90 degrees.
    """
    g, c = np.radians(gantry), np.radians(collimator)
    dx, dy, dz = (points - np.asarray(iso)).T
    u = dx * np.cos(g) + dy * np.sin(g)
    towards = dx * np.sin(g) - dy * np.cos(g)
    grow = SOURCE_AXIS / (SOURCE_AXIS - towards)
    u, v = u * grow, dz * grow
    return np.column_stack([u * np.cos(c) + v * np.sin(c), v * np.cos(c) - u * np.sin(c)])


def fit(view: Points, boundaries: Points, squeeze: Points | None = None, flash: int = 0) -> Aperture:
    """Leaves and jaws about a view; `squeeze` (two shares per leaf) closes leaves as an arc does.

    `flash` 1 or -1 opens the positive or negative side by 25 mm, over the skin.
    """
    count = len(boundaries) - 1
    index = np.clip(np.searchsorted(boundaries, view[:, 1], side="right") - 1, 0, count - 1)
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(low, index, view[:, 0])
    np.maximum.at(high, index, view[:, 0])
    there = np.isfinite(low)
    low, high = np.where(there, low - MARGIN, 0.0), np.where(there, high + MARGIN, 0.0)
    if flash:
        low, high = (low, high + 25 * there) if flash > 0 else (low - 25 * there, high)
    if squeeze is not None:
        width = high - low
        low, high = low + width * squeeze[0], high - width * squeeze[1]
    used = np.flatnonzero(there)
    jaw_y = float(boundaries[used[0]]), float(boundaries[used[-1] + 1])
    jaw_x = float(np.floor(low[there].min())), float(np.ceil(high[there].max()))
    return Aperture(jaw_x, jaw_y, np.round(np.concatenate([low, high]), 1) + 0.0)
