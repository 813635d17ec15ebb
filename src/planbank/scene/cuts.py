"""Contours cut by a plane: along the slices they were drawn on, or across them.

Comes in: closed contours of one ROI (mm) and a plane. Goes out: polylines in its pixels. Along the slices
the nearest drawn plane within half a slice is shown (R100); across them every drawn plane is cut to
intervals, even-odd, so that holes and keyholes stay holes, and the shape between them is interpolated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from contourpy import contour_generator

from planbank.scene.three_planes import APART

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planbank.scene.plane import Frame

SAME = 0.05
"""mm within which contours lie on one plane."""


def along(contours: Sequence[NDArray[np.float64]], frame: Frame, half: float) -> list[NDArray[np.float64]]:
    """Contours on the plane: of the nearest drawn plane within `half` mm."""
    away = [float(np.abs(frame.distance(points)).mean()) for points in contours]
    nearest = min(away, default=np.inf)
    if nearest > half:
        return []
    mine = [points for points, d in zip(contours, away, strict=True) if d <= nearest + SAME]
    return [frame.to_pixels(np.vstack([points, points[:1]])) for points in mine]


def across(
    contours: Sequence[NDArray[np.float64]], frame: Frame, spacing: float
) -> list[NDArray[np.float64]]:
    """The outline on a plane that stands on the drawn ones; `spacing` of the slices in mm."""
    drawn: dict[float, list[NDArray[np.float64]]] = {}
    for points in contours:
        height = float((points - frame.origin).mean(axis=0) @ frame.axes.down)
        key = next((one for one in drawn if abs(one - height) <= SAME), height)
        drawn.setdefault(key, []).append(points)
    u = np.arange(frame.shape[1], dtype=np.float64) * frame.spacing[0]
    rows = [(height, _depth(u, _crossings(drawn[height], frame))) for height in sorted(drawn)]
    lines: list[NDArray[np.float64]] = []
    for run in _runs(rows, spacing):
        lines += _outline(u, run, spacing / 2)
    return [line / np.array(frame.spacing) for line in lines]


def _crossings(contours: Sequence[NDArray[np.float64]], frame: Frame) -> NDArray[np.float64]:
    """Where edges pass through the plane, mm along it, in order: inside lies between each two."""
    found = []
    for points in contours:
        local = points - frame.origin
        d, at = local @ frame.axes.normal, local @ frame.axes.across
        d2, at2 = np.roll(d, -1), np.roll(at, -1)
        passes = (d >= 0) != (d2 >= 0)
        part = d[passes] / (d[passes] - d2[passes])
        found.append(at[passes] + part * (at2[passes] - at[passes]))
    return np.sort(np.concatenate(found)) if found else np.empty(0)


def _depth(u: NDArray[np.float64], crossings: NDArray[np.float64]) -> NDArray[np.float64]:
    """mm to the nearest border, positive inside."""
    if not len(crossings):
        return np.full(len(u), -np.inf)
    away = np.abs(u[:, None] - crossings[None, :]).min(axis=1)
    inside = np.searchsorted(crossings, u, side="right") % 2 == 1
    depth: NDArray[np.float64] = np.where(inside, away, -away)
    return depth


def _runs(
    rows: list[tuple[float, NDArray[np.float64]]], spacing: float
) -> list[list[tuple[float, NDArray[np.float64]]]]:
    """Drawn planes that follow each other without a gap and are cut by the plane."""
    runs: list[list[tuple[float, NDArray[np.float64]]]] = []
    before: float | None = None
    for height, depth in rows:
        if not np.isfinite(depth).all():
            before = None
            continue
        if before is None or height - before > APART * spacing:
            runs.append([])
        runs[-1].append((height, depth))
        before = height
    return runs


def _outline(
    u: NDArray[np.float64], run: list[tuple[float, NDArray[np.float64]]], half: float
) -> list[NDArray[np.float64]]:
    """Zero lines of the depth, with a cap of half a slice at both ends."""
    heights = [run[0][0] - half, *(height for height, _depth in run), run[-1][0] + half]
    cap = 1e-3
    field = [np.minimum(run[0][1], 0) - cap, *(depth for _h, depth in run), np.minimum(run[-1][1], 0) - cap]
    generator = contour_generator(u, np.array(heights), np.array(field))
    return [np.asarray(line) for line in generator.lines(0.0)]
