"""Bodies given by a function that is negative inside: tori, boxes, branches, bananas, oblique ones.

Comes in: sizes and directions. Goes out: `Body`s whose contours are level lines on a fine grid and
whose volume is counted on points spread evenly (right to about 0.01 %). Lengths in mm.
"""

from __future__ import annotations

from collections.abc import Callable

import contourpy
import numpy as np
from numpy.typing import NDArray

from bench.dose.bodies import Body

Array = NDArray[np.float64]
Level = Callable[[Array], Array]

FINE = 240
"""Nodes across the box in which level lines are sought."""

SAMPLES = 160
"""Points along each side of the box by which a volume is counted, one at random in each cell."""


def implicit(name: str, level: Level, reach: Array, *, flat: bool = False) -> Body:
    """A body where `level` of points (n, 3) is negative, within a box of half sides `reach`."""
    across, down = (np.linspace(-1.05 * side, 1.05 * side, FINE) for side in reach[:2])
    x, y = np.meshgrid(across, down)

    def cut(z: float) -> list[Array]:
        points = np.stack((x, y, np.full(x.shape, z)), axis=-1).reshape(-1, 3)
        values = np.clip(level(points), -4.0, 4.0).reshape(x.shape)
        lines = contourpy.contour_generator(across, down, values).lines(0.0)
        return [np.asarray(line)[:-1] for line in lines if len(line) > 4]

    def within(points: Array) -> NDArray[np.bool_]:
        inside: NDArray[np.bool_] = level(points) <= 0
        return inside

    rng = np.random.default_rng(7)
    cell = 2.0 * reach / SAMPLES
    rows = np.stack(np.meshgrid(np.arange(SAMPLES), np.arange(SAMPLES), indexing="ij"), -1).reshape(-1, 2)
    held = 0
    for layer in range(SAMPLES):
        index = np.column_stack((rows, np.full(len(rows), layer)))
        held += int(within((index + rng.random(index.shape)) * cell - reach).sum())
    return Body(name, float(held * cell.prod()), reach, cut, within, flat)


def turned(direction: Array) -> Array:
    """(3, 3) rows: two directions across `direction` and itself, all of length 1."""
    last = direction / np.linalg.norm(direction)
    first = np.cross(last, np.eye(3)[np.argmin(np.abs(last))])
    first /= np.linalg.norm(first)
    return np.array([first, np.cross(last, first), last])


def torus(radius: float, tube: float, direction: Array, name: str) -> Body:
    """A ring of round section about a direction."""
    frame = turned(direction)

    def level(p: Array) -> Array:
        q = p @ frame.T
        out: Array = np.hypot(np.hypot(q[:, 0], q[:, 1]) - radius, q[:, 2]) - tube
        return out

    return implicit(name, level, np.full(3, radius + tube))


def round_solid(profile: Callable[[Array], Array], half: float, direction: Array, name: str) -> Body:
    """A body of revolution about a direction, cut flat at +-half; `profile` is its radius."""
    frame = turned(direction)

    def level(p: Array) -> Array:
        q = p @ frame.T
        out: Array = np.maximum(np.hypot(q[:, 0], q[:, 1]) - profile(q[:, 2]), np.abs(q[:, 2]) - half)
        return out

    wide = float(profile(np.linspace(-half, half, 99)).max())
    return implicit(name, level, np.full(3, float(np.hypot(wide, half))))


def box(sides: Array, direction: Array | None, name: str) -> Body:
    """A box with half sides, upright or with its third side along a direction."""
    frame = np.eye(3) if direction is None else turned(direction)

    def level(p: Array) -> Array:
        out: Array = (np.abs(p @ frame.T) - sides).max(axis=1)
        return out

    if direction is not None:
        return implicit(name, level, np.full(3, float(np.linalg.norm(sides))))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * sides[:2]
    volume = float(8 * sides.prod())
    return Body(
        name,
        volume,
        sides,
        lambda z: [corners] if abs(z) <= sides[2] else [],
        lambda p: level(p) <= 0,
        True,
    )


def banana(radius: float, direction: Array, name: str) -> Body:
    """Half a ring with round ends."""
    frame, tube = turned(direction), 0.45 * radius

    def level(p: Array) -> Array:
        q = p @ frame.T
        ring = np.hypot(np.hypot(q[:, 0], q[:, 1]) - radius, q[:, 2])
        ends = np.stack([np.linalg.norm(q - [way * radius, 0, 0], axis=1) for way in (-1, 1)]).min(axis=0)
        out: Array = np.where(q[:, 1] > 0, ring, ends) - tube
        return out

    return implicit(name, level, np.full(3, radius + tube))


def branch(radius: float, direction: Array, name: str) -> Body:
    """Three capsules that meet in one point, as vessels or bronchi do."""
    frame, tube = turned(direction), 0.4 * radius
    ways = np.array([[0.0, 0, -1], [0.6, 0, 0.8], [-0.6, 0, 0.8]]) * radius

    def level(p: Array) -> Array:
        q = p @ frame.T
        far = []
        for way in ways:
            along = np.clip(q @ way / (way @ way), 0.0, 1.0)
            far.append(np.linalg.norm(q - along[:, None] * way, axis=1))
        out: Array = np.stack(far).min(axis=0) - tube
        return out

    return implicit(name, level, np.full(3, radius + tube))


def family(rng: np.random.Generator, low: float, high: float) -> list[Body]:
    """One body of each kind, sizes at random between two radii."""

    def size() -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    def way() -> Array:
        out: Array = rng.normal(size=3)
        return out

    up, across = np.array([0.0, 0, 1]), np.array([1.0, 0, 0])
    a, b = size(), size()
    return [
        torus(size(), 0.4 * low, up, "torus"),
        torus(size(), 0.4 * low, across, "torus, upright"),
        torus(size(), 0.4 * low, way(), "torus, tilted"),
        round_solid(lambda z: np.full(z.shape, a), size(), way(), "cylinder, oblique"),
        round_solid(lambda z: b * 0.5 * (1 - z / b), b, way(), "cone, oblique"),
        box(np.array([size(), size(), low]), None, "box"),
        box(np.array([size(), size(), size()]), way(), "box, tilted"),
        banana(size(), up, "banana"),
        banana(size(), across, "banana, upright"),
        branch(size(), up, "branch"),
        branch(size(), way(), "branch, tilted"),
    ]
