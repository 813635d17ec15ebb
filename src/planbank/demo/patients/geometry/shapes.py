"""Shapes as signed distances: a shape takes x, y, z in mm and gives mm to its surface, negative inside.

Comes in: coordinates that broadcast against each other. Goes out: float32 distances of the broadcast shape.
The distances are first-order approximations, exact enough for partial volumes and margins of some mm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Field = Callable[[Array, Array, Array], Array]
Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """A signed distance field and the box (mm) outside which it is positive."""

    field: Field
    lo: Point
    hi: Point

    def on(self, x: Array, y: Array, z: Array) -> Array:
        """The distances on the grid of three coordinate vectors, shape (len(z), len(y), len(x))."""
        shape = (z.size, y.size, x.size)
        found = self.field(x.reshape(1, 1, -1), y.reshape(1, -1, 1), z.reshape(-1, 1, 1))
        return np.broadcast_to(found, shape).astype(np.float32, copy=False)

    def grown(self, mm: float) -> Shape:
        """The shape with a margin in mm; a negative margin shrinks it."""
        field, edge = self.field, np.float32(mm)
        lo, hi = (tuple(v + s * mm for v in box) for box, s in ((self.lo, -1), (self.hi, 1)))
        return Shape(lambda x, y, z: field(x, y, z) - edge, _point(lo), _point(hi))

    def placed(self, scale: Point, shift: Point) -> Shape:
        """The shape stretched about the origin by `scale`, then moved by `shift` mm."""
        field, mean = self.field, np.float32(np.mean(scale))
        k, s = np.array(scale, np.float32), np.array(shift, np.float32)

        def moved(x: Array, y: Array, z: Array) -> Array:
            return field((x - s[0]) / k[0], (y - s[1]) / k[1], (z - s[2]) / k[2]) * mean

        lo = _point(a * b + c for a, b, c in zip(self.lo, scale, shift, strict=True))
        hi = _point(a * b + c for a, b, c in zip(self.hi, scale, shift, strict=True))
        return Shape(moved, lo, hi)

    def mirrored(self) -> Shape:
        """The shape on the other side of the midline."""
        field = self.field
        lo, hi = (-self.hi[0], *self.lo[1:]), (-self.lo[0], *self.hi[1:])
        return Shape(lambda x, y, z: field(-x, y, z), lo, hi)

    def cut(self, **bounds: float) -> Shape:
        """The part within planes, for example `cut(z_lo=-20, y_hi=0)`."""
        part = self
        for name, value in bounds.items():
            axis, end = "xyz".index(name[0]), name.endswith("lo")
            part = _cut(part, axis, value, end)
        return part

    def __or__(self, other: Shape) -> Shape:
        a, b = self.field, other.field
        lo = _point(map(min, self.lo, other.lo))
        hi = _point(map(max, self.hi, other.hi))
        return Shape(lambda x, y, z: np.minimum(a(x, y, z), b(x, y, z)), lo, hi)

    def __and__(self, other: Shape) -> Shape:
        a, b = self.field, other.field
        lo = _point(map(max, self.lo, other.lo))
        hi = _point(map(min, self.hi, other.hi))
        return Shape(lambda x, y, z: np.maximum(a(x, y, z), b(x, y, z)), lo, hi)

    def __sub__(self, other: Shape) -> Shape:
        a, b = self.field, other.field
        return replace(self, field=lambda x, y, z: np.maximum(a(x, y, z), -b(x, y, z)))

    def blended(self, other: Shape, mm: float) -> Shape:
        """The union with a fillet of about `mm` where both meet."""
        a, b, k = self.field, other.field, np.float32(mm)

        def fillet(x: Array, y: Array, z: Array) -> Array:
            p, q = a(x, y, z), b(x, y, z)
            step = np.clip(0.5 + 0.5 * (q - p) / k, 0, 1)
            return np.asarray(q + (p - q) * step - k * step * (1 - step), dtype=np.float32)

        both = self | other
        return Shape(fillet, both.lo, both.hi)

    def waved(self, mm: float, length: float, phase: float = 0.0) -> Shape:
        """The shape with a gentle unevenness of amplitude `mm` and wave length `length` mm."""
        field, k, p = self.field, np.float32(2 * np.pi / length), np.float32(phase)

        def uneven(x: Array, y: Array, z: Array) -> Array:
            wave = np.sin(k * x + p) * np.cos(k * y - 2 * p) + np.sin(k * y + p) * np.cos(k * z + 3 * p)
            return np.asarray(field(x, y, z) + np.float32(mm) * wave, dtype=np.float32)

        return Shape(uneven, _point(v - 2 * mm for v in self.lo), _point(v + 2 * mm for v in self.hi))


def _point(values: Any) -> Point:
    x, y, z = (float(v) for v in values)
    return x, y, z


def _cut(shape: Shape, axis: int, value: float, low: bool) -> Shape:
    field, sign, at = shape.field, np.float32(-1 if low else 1), np.float32(value)
    lo, hi = list(shape.lo), list(shape.hi)
    if low:
        lo[axis] = max(lo[axis], value)
    else:
        hi[axis] = min(hi[axis], value)

    def part(x: Array, y: Array, z: Array) -> Array:
        return np.asarray(np.maximum(field(x, y, z), sign * ((x, y, z)[axis] - at)), dtype=np.float32)

    return Shape(part, _point(lo), _point(hi))


def union(shapes: Sequence[Shape]) -> Shape:
    """All of several shapes."""
    whole = shapes[0]
    for shape in shapes[1:]:
        whole = whole | shape
    return whole


def both_sides(shape: Shape) -> Shape:
    """The shape and its mirror image, for shapes drawn on the patient's left."""
    field, reach = shape.field, max(abs(shape.lo[0]), abs(shape.hi[0]))
    lo, hi = (-reach, *shape.lo[1:]), (reach, *shape.hi[1:])
    return Shape(lambda x, y, z: field(np.abs(x), y, z), lo, hi)


def shell(shape: Shape, outer: float, inner: float) -> Shape:
    """The layer between `inner` and `outer` mm from the surface of a shape (negative is inside it)."""
    field, middle, half = shape.field, np.float32((outer + inner) / 2), np.float32((outer - inner) / 2)
    grown = shape.grown(outer)
    return Shape(lambda x, y, z: np.abs(field(x, y, z) - middle) - half, grown.lo, grown.hi)
