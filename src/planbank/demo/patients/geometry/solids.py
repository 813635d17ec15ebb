"""The solids anatomy is built from: ellipsoids, capsules, polylines, lofts and plates.

Comes in: centres, radii and tables of cross-sections in mm. Goes out: a `Shape`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from .shapes import Array, Point, Shape, shell, union

TINY = np.float32(1e-6)
FLOOR = np.float32(1e-3)


def ellipsoid(centre: Point, radii: Point, turn: float = 0.0) -> Shape:
    """An ellipsoid; `turn` rotates it about the long axis of the patient, in degrees."""
    cx, cy, cz = _vector(centre)
    rx, ry, rz = _vector(radii)
    cos, sin = np.float32(np.cos(np.radians(turn))), np.float32(np.sin(np.radians(turn)))

    def field(x: Array, y: Array, z: Array) -> Array:
        dx, dy, dz = x - cx, y - cy, z - cz
        if turn:
            dx, dy = dx * cos + dy * sin, dy * cos - dx * sin
        near = np.sqrt((dx / rx) ** 2 + (dy / ry) ** 2 + (dz / rz) ** 2 + TINY)
        slope = np.sqrt((dx / rx**2) ** 2 + (dy / ry**2) ** 2 + (dz / rz**2) ** 2 + TINY / (rx * rx))
        return np.asarray(near * (near - 1) / slope, dtype=np.float32)

    wide = max(radii[0], radii[1]) if turn else 0.0
    reach = (max(wide, radii[0]), max(wide, radii[1]), radii[2])
    return Shape(field, *_box(centre, reach))


def capsule(a: Point, b: Point, radius: float, end: float | None = None) -> Shape:
    """A round rod from `a` to `b`, its radius running from `radius` to `end`."""
    start, axis = _vector(a), _vector(b) - _vector(a)
    length2 = np.sum(axis * axis, dtype=np.float32)
    grow = np.float32((radius if end is None else end) - radius)

    def field(x: Array, y: Array, z: Array) -> Array:
        dx, dy, dz = x - start[0], y - start[1], z - start[2]
        along = np.clip((dx * axis[0] + dy * axis[1] + dz * axis[2]) / length2, 0, 1)
        far = (dx - along * axis[0]) ** 2 + (dy - along * axis[1]) ** 2 + (dz - along * axis[2]) ** 2
        return np.asarray(np.sqrt(far) - np.float32(radius) - grow * along, dtype=np.float32)

    wide = max(radius, radius + float(grow))
    lo = tuple(min(p, q) - wide for p, q in zip(a, b, strict=True))
    hi = tuple(max(p, q) + wide for p, q in zip(a, b, strict=True))
    return Shape(field, (lo[0], lo[1], lo[2]), (hi[0], hi[1], hi[2]))


def rod(points: Sequence[Point], radius: float) -> Shape:
    """A bent round rod through several points."""
    return union([capsule(a, b, radius) for a, b in pairwise(points)])


def profile(rows: Sequence[Sequence[float]]) -> Callable[[Array], list[Array]]:
    """Columns 1.. of a table as smooth functions of column 0 (monotone cubic, constant beyond the ends)."""
    table = np.array(sorted(rows, key=lambda row: row[0]), dtype=np.float64)
    knots, values = table[:, 0], table[:, 1:]
    steps = np.diff(knots)[:, None]
    rises = np.diff(values, axis=0) / steps
    slopes = np.zeros_like(values)
    slopes[0], slopes[-1] = rises[0], rises[-1]
    before, after = rises[:-1], rises[1:]
    same = before * after > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes[1:-1] = np.where(same, 2 * before * after / (before + after), 0)

    def read(z: Array) -> list[Array]:
        at = np.clip(z.astype(np.float64), knots[0], knots[-1])
        k = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(knots) - 2)
        width = steps[k, 0]
        t = (at - knots[k]) / width
        low, high = (1 + 2 * t) * (1 - t) ** 2, t * t * (3 - 2 * t)
        lift, drop = t * (1 - t) ** 2 * width, t * t * (t - 1) * width
        columns = range(values.shape[1])
        return [
            (
                low * values[k, c] + high * values[k + 1, c] + lift * slopes[k, c] + drop * slopes[k + 1, c]
            ).astype(np.float32)
            for c in columns
        ]

    return read


def loft(rows: Sequence[Sequence[float]], power: float = 2.0, *, capped: bool = True) -> Shape:
    """A body of axial cross-sections; each row is (z, centre x, centre y, radius x, radius y) in mm.

    `power` 2 gives ellipses, more gives squarer sections; without caps it runs on beyond its ends.
    """
    read, p = profile(rows), np.float32(power)
    ends = [min(r[0] for r in rows), max(r[0] for r in rows)]
    bottom, top = (np.float32(end) for end in ends)

    def field(x: Array, y: Array, z: Array) -> Array:
        cx, cy, rx, ry = read(z)
        # A floor keeps the quotient below finite on the axis.
        ax, ay = np.maximum(np.abs((x - cx) / rx), FLOOR), np.maximum(np.abs((y - cy) / ry), FLOOR)
        near = ax**p + ay**p
        near = np.sqrt(near) if power == 2 else near ** (1 / p)
        slope = np.sqrt((ax ** (p - 1) / rx) ** 2 + (ay ** (p - 1) / ry) ** 2)
        lift = near if power == 2 else near ** (p - 1)
        section = (near - 1) * lift / slope
        if capped:
            section = np.maximum(np.maximum(section, bottom - z), z - top)
        return np.asarray(section, dtype=np.float32)

    lo = tuple(min(r[1 + a] - r[3 + a] for r in rows) for a in (0, 1))
    hi = tuple(max(r[1 + a] + r[3 + a] for r in rows) for a in (0, 1))
    return Shape(field, (lo[0], lo[1], ends[0]), (hi[0], hi[1], ends[1]))


def sleeve(rows: Sequence[Sequence[float]], outer: float, inner: float, power: float = 2.0) -> Shape:
    """The wall of a loft between `inner` and `outer` mm from its surface, open at both ends."""
    ends = [min(r[0] for r in rows), max(r[0] for r in rows)]
    return shell(loft(rows, power, capped=False), outer, inner).cut(z_lo=ends[0], z_hi=ends[1])


def plate(rows: Sequence[Sequence[float]]) -> Shape:
    """A sheet that is a line in each axial section; each row is (z, ax, ay, bx, by, half thickness) in mm."""
    read = profile(rows)
    ends = [min(r[0] for r in rows), max(r[0] for r in rows)]
    bottom, top = (np.float32(end) for end in ends)

    def field(x: Array, y: Array, z: Array) -> Array:
        ax, ay, bx, by, half = read(z)
        ux, uy = bx - ax, by - ay
        along = np.clip(((x - ax) * ux + (y - ay) * uy) / (ux * ux + uy * uy), 0, 1)
        far = np.sqrt((x - ax - along * ux) ** 2 + (y - ay - along * uy) ** 2) - half
        return np.asarray(np.maximum(np.maximum(far, bottom - z), z - top), dtype=np.float32)

    lo = tuple(min(min(r[1 + a], r[3 + a]) - r[5] for r in rows) for a in (0, 1))
    hi = tuple(max(max(r[1 + a], r[3 + a]) + r[5] for r in rows) for a in (0, 1))
    return Shape(field, (lo[0], lo[1], ends[0]), (hi[0], hi[1], ends[1]))


def stack(period: float, part: float, start: float = 0.0, tilt: float = 0.0) -> Shape:
    """Endless layers: `part` mm of every `period` mm along z, sinking forwards by `tilt` mm per mm of y."""
    step, half = np.float32(period), np.float32(part / 2)

    def field(x: Array, y: Array, z: Array) -> Array:
        phase = (z - np.float32(start) - np.float32(tilt) * y) / step
        return np.asarray(np.abs(phase - np.round(phase)) * step - half, dtype=np.float32)

    return Shape(field, (-1e4, -1e4, -1e4), (1e4, 1e4, 1e4))


def _vector(point: Point) -> Array:
    return np.array(point, dtype=np.float32)


def _box(centre: Point, radii: Point) -> tuple[Point, Point]:
    lo = tuple(c - r for c, r in zip(centre, radii, strict=True))
    hi = tuple(c + r for c, r in zip(centre, radii, strict=True))
    return (lo[0], lo[1], lo[2]), (hi[0], hi[1], hi[2])
