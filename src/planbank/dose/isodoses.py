"""The dose on any plane, and its lines of equal dose, from the model that DVHs are made with.

Comes in: a `Field` and a plane of any direction. Goes out: dose at points of the plane, and
polylines in the plane's own coordinates. A line is drawn by contourpy between samples and then drawn
to its level: each of its points, and the middle between any two, has the level's dose within
NEAR, whatever the dose does between samples (R99, R100).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from contourpy import contour_generator

from planbank.dose.sampling import Samples, sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planbank.dicom.geometry import Axes
    from planbank.dose.sampling import Field

NEAR = 0.05
"""Gy by which a line may leave its level; half of what a reader could see beside a DVH."""

ROUNDS = 4
"""How often a line is drawn to its level, and cut in two where its middle has left it."""

STEPS = 12
"""Newton steps of each point, halved where one led away: the gradient breaks at the borders of voxels."""

MOST_POINTS = 200_000
"""Points of all lines of one level; beyond it no line is cut any more."""


def dose_at(
    field: Field,
    axes: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    position: float,
    *,
    cubic: bool = True,
) -> NDArray[np.float64]:
    """The dose at points of a plane.

    Args:
        field: the dose.
        axes: of the plane; a patient point p has the coordinates axes.matrix @ p.
        x, y: mm in the plane, of one shape.
        position: mm along the normal.
        cubic: bounded cubic between voxels; False is trilinear.

    Returns Gy in the shape of x; NaN where a grid does not cover the point.
    """
    found = _sampled(field, axes, np.stack((np.ravel(x), np.ravel(y)), axis=1), position, cubic)
    return np.where(found.inside, found.dose, np.nan).reshape(np.shape(x))


def isodoses(
    field: Field,
    axes: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    position: float,
    levels: Sequence[float],
    *,
    cubic: bool = True,
) -> list[list[NDArray[np.float64]]]:
    """Lines of equal dose on a plane.

    Args:
        field, axes, position, cubic: see `dose_at`.
        x, y: (nx,), (ny,) mm, ascending: where the plane is sampled first. A peak between two samples
            that none of them reaches is not found: half a voxel is close enough.
        levels: Gy.

    Returns for each level its polylines (n, 2) in mm of the plane, closed where the first point is the
    last; lines end at the border of the dose and of the samples.
    """
    grid = dose_at(field, axes, *np.meshgrid(x, y), position, cubic=cubic)
    generator = contour_generator(x, y, np.ma.masked_invalid(grid))
    reach = 0.5 * min(_step(x), _step(y))
    return [
        _drawn(field, axes, position, cubic, gy, [np.asarray(line) for line in generator.lines(gy)], reach)
        for gy in levels
    ]


def _step(values: NDArray[np.float64]) -> float:
    return float(np.diff(values).min()) if len(values) > 1 else 1.0


def _sampled(field: Field, axes: Axes, points: NDArray[np.float64], position: float, cubic: bool) -> Samples:
    x, y = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
    return sample(field, axes, x, y, np.array([position]), cubic=cubic)


def _drawn(
    field: Field,
    axes: Axes,
    position: float,
    cubic: bool,
    level: float,
    lines: list[NDArray[np.float64]],
    reach: float,
) -> list[NDArray[np.float64]]:
    """All lines of a level, drawn to it; all of them are sampled at once."""
    for round_ in range(ROUNDS):
        if not lines:
            return []
        ends = np.cumsum([len(line) for line in lines])
        points = _to_level(field, axes, position, cubic, level, np.concatenate(lines), reach)
        lines = np.split(points, ends[:-1])
        if round_ == ROUNDS - 1 or len(points) > MOST_POINTS:
            break
        middles = 0.5 * (points[:-1] + points[1:])
        found = _sampled(field, axes, middles, position, cubic)
        off = found.inside & (np.abs(found.dose - level) > NEAR)
        off[ends[:-1] - 1] = False  # between the end of a line and the beginning of the next
        if not off.any():
            break
        lines = _cut(lines, middles, off, ends)
    return lines


def _cut(
    lines: list[NDArray[np.float64]],
    middles: NDArray[np.float64],
    off: NDArray[np.bool_],
    ends: NDArray[np.int64],
) -> list[NDArray[np.float64]]:
    """Lines with a point more where their middle has left the level."""
    out = []
    for line, start in zip(lines, (0, *ends[:-1]), strict=True):
        at = np.flatnonzero(off[start : start + len(line) - 1])
        out.append(np.insert(line, at + 1, middles[start + at], axis=0))
    return out


def _to_level(
    field: Field,
    axes: Axes,
    position: float,
    cubic: bool,
    level: float,
    points: NDArray[np.float64],
    reach: float,
) -> NDArray[np.float64]:
    """Points moved along the gradient to where the dose is the level; those that do not get nearer stay."""
    best, found = points, _sampled(field, axes, points, position, cubic)
    short = np.where(found.inside, level - found.dose, 0.0)
    part = np.ones(len(points))
    for _ in range(STEPS):
        slope = (found.gradient[:, :2] ** 2).sum(axis=1)
        moving = (np.abs(short) > 0.1 * NEAR) & (slope > 1e-12)
        if not moving.any():
            break
        way = found.gradient[:, :2] * (np.where(moving, short, 0.0) / np.maximum(slope, 1e-12))[:, None]
        length = np.linalg.norm(way, axis=1)
        way *= (part * np.minimum(1.0, reach / np.maximum(length, 1e-12)))[:, None]
        there = _sampled(field, axes, best + way, position, cubic)
        left = np.where(there.inside, level - there.dose, np.inf)
        better = np.abs(left) < np.abs(short)
        best = np.where(better[:, None], best + way, best)
        short = np.where(better, left, short)
        part = np.where(better, np.minimum(2.0 * part, 1.0), 0.5 * part)
        found = Samples(
            np.where(better, there.dose, found.dose),
            np.where(better[:, None], there.gradient, found.gradient),
            found.inside,
        )
    return best
