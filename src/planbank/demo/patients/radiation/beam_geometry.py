"""Where beams come from and what they see: IEC 61217 angles in patient coordinates, head first supine.

Comes in: gantry angles in degrees and grids in mm. Goes out: coordinates along and across a beam, edges.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..geometry.shapes import Array, Shape

Mask = NDArray[np.bool_]


def across_and_along(
    x: Array, y: Array, iso: tuple[float, float, float], gantry: float
) -> tuple[Array, Array]:
    """For points (x, y): mm across the beam, and mm towards the source, both from the isocentre."""
    angle = np.radians(gantry)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    dx, dy = x - np.float32(iso[0]), y - np.float32(iso[1])
    return dx * cos + dy * sin, dx * sin - dy * cos


def edge(mm: Array, width: float) -> Array:
    """A smooth step: 1 far on the positive side, 0 far on the negative, `width` mm between 27 and 73 %."""
    return np.asarray(0.5 + 0.5 * np.tanh(mm * np.float32(0.5 / width)), dtype=np.float32)


def skin(outline: Shape, x: Array, y: Array, z: Array, *, build_up: float = 7.0, entry: float = 0.5) -> Array:
    """The share of dose by depth below the skin: 0 in air, `entry` at the skin, 1 from `build_up` mm on."""
    depth = -outline.on(x, y, z)
    share = np.clip(np.float32(entry) + np.float32((1 - entry) / build_up) * depth, entry, 1)
    share *= np.clip(depth / np.float32(1.5) + np.float32(0.7), 0, 1)
    return np.asarray(share, dtype=np.float32)


def seen(mask: Mask, u: Array) -> tuple[Array, Array]:
    """The lowest and highest `u` of a mask in each plane; planes without any take the nearest plane's.

    mask: (nz, ny, nx) bool; u: (ny, nx) or the mask's shape. Returns two arrays of (nz,).
    """
    low = np.where(mask, u, np.float32(np.inf)).min(axis=(1, 2))
    high = np.where(mask, u, np.float32(-np.inf)).max(axis=(1, 2))
    there = np.flatnonzero(np.isfinite(low))
    nearest = there[np.abs(there[None, :] - np.arange(len(low))[:, None]).argmin(axis=1)]
    return low[nearest], high[nearest]
