"""What every body has: layers painted in order, named organs, an outline, and a way to paint them as CT.

Comes in: shapes and Hounsfield units. Goes out: an `Anatomy`, and from it CT volumes in HU.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..geometry.shapes import Array, Point, Shape
from ..geometry.texture import Texture

SLAB = 2_500_000  # voxels painted at a time: bounds the memory of a clinical volume
AIR = -1000.0


@dataclass(frozen=True, slots=True)
class Build:
    """How one person differs from the pattern; lengths in mm, `side` is -1 for right and 1 for left."""

    seed: int
    scale: Point = (1.0, 1.0, 1.0)
    shift: Point = (0.0, 0.0, 0.0)
    fat: float = 0.0
    side: int = 1


@dataclass(frozen=True, slots=True)
class Layer:
    """One tissue: where it is, what it measures in HU, and over how many mm its edge is blurred."""

    shape: Shape
    hu: float | Texture
    edge: float = 0.0


@dataclass(slots=True)
class Anatomy:
    """A body: its outline, the layers of its CT in painting order, and its organs by key."""

    build: Build
    outline: Shape
    layers: list[Layer] = field(default_factory=list)
    organs: dict[str, Shape] = field(default_factory=dict)

    def paint(self, shape: Shape, hu: float | Texture, edge: float = 0.0) -> Shape:
        """Add a layer over those painted before and return its shape."""
        self.layers.append(Layer(shape, hu, edge))
        return shape

    def bone(self, shape: Shape, *, cortex: float = 900.0, marrow: float = 260.0, rim: float = 2.5) -> Shape:
        """A bone: dense outside, spongy inside."""
        self.paint(shape, cortex)
        self.paint(shape.grown(-rim), marrow, edge=2.0)
        return shape

    def organ(self, key: str, shape: Shape, hu: float | Texture | None = None, edge: float = 0.0) -> Shape:
        """Name a shape as an organ to contour, and paint it unless `hu` is None."""
        self.organs[key] = shape
        return shape if hu is None else self.paint(shape, hu, edge)

    def pair(self, key: str, left: Shape, hu: float | Texture | None = None) -> None:
        """A paired organ drawn on the patient's left: adds `key_l` and `key_r`."""
        self.organ(f"{key}_l", left, hu)
        self.organ(f"{key}_r", left.mirrored(), hu)

    def placed(self) -> Anatomy:
        """The body stretched and moved as its build says."""
        b = self.build
        layers = [Layer(one.shape.placed(b.scale, b.shift), one.hu, one.edge) for one in self.layers]
        organs = {key: shape.placed(b.scale, b.shift) for key, shape in self.organs.items()}
        return Anatomy(b, self.outline.placed(b.scale, b.shift), layers, organs)


def paint_volume(layers: Iterable[Layer], x: Array, y: Array, z: Array) -> Array:
    """The layers as a float32 volume in HU, shape (len(z), len(y), len(x)), each edge a partial volume."""
    layers = list(layers)
    hu = np.full((z.size, y.size, x.size), AIR, dtype=np.float32)
    rows = max(1, SLAB // (x.size * y.size))
    pixel = float(x[1] - x[0])
    for start in range(0, z.size, rows):
        for layer in layers:
            _paint(hu[start : start + rows], layer, x, y, z[start : start + rows], pixel)
    return hu


def _paint(hu: NDArray[np.float32], layer: Layer, x: Array, y: Array, z: Array, pixel: float) -> None:
    edge = max(layer.edge, pixel)
    spans = [
        _span(v, lo, hi, edge) for v, lo, hi in zip((x, y, z), layer.shape.lo, layer.shape.hi, strict=True)
    ]
    if any(s.start >= s.stop for s in spans):
        return
    part = [v[s] for v, s in zip((x, y, z), spans, strict=True)]
    share = layer.shape.on(*part)
    share = np.clip(np.float32(0.5) - share / np.float32(edge), 0, 1)
    region = hu[spans[2], spans[1], spans[0]]
    value = layer.hu(*part) if callable(layer.hu) else np.float32(layer.hu)
    share *= value - region
    region += share


def _span(values: Array, lo: float, hi: float, margin: float) -> slice:
    first, last = np.searchsorted(values, [lo - margin, hi + margin])
    return slice(int(first), int(last))
