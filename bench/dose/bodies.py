"""Analytic bodies: their contours at any height, and points spread evenly within them.

Comes in: a random generator. Goes out: `Body`s with a closed-form volume. Lengths in mm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.dose import phantoms

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Body:
    """A body about the origin.

    Attributes:
        name: its kind.
        volume: mm3.
        reach: (3,) half sides of a box that holds it.
        cut: its contours at a height: (n, 2) arrays, none where it is not met.
        within: which of the points (n, 3) lie in it.
        flat: it has a flat end along the normal, whose place between two planes no drawing tells.
    """

    name: str
    volume: float
    reach: Array
    cut: Callable[[float], list[Array]]
    within: Callable[[Array], NDArray[np.bool_]]
    flat: bool = False

    def contours(self, spacing: float, phase: float, centre: Array) -> list[Array]:
        """Contours on planes `spacing` apart; `phase` (0 to 1) says where the stack lies."""
        low, high = centre[2] - self.reach[2], centre[2] + self.reach[2]
        drawn = []
        for z in phantoms.heights(low, high, spacing, phase):
            for points in self.cut(float(z - centre[2])):
                drawn.append(np.column_stack((points + centre[:2], np.full(len(points), z))))
        return drawn

    def points(self, rng: np.random.Generator, count: int = 1_000_000) -> Array:
        """About `count` points spread evenly within: one at random in every cell of a fine grid."""
        side = (self.volume / count) ** (1 / 3)
        cells = [int(np.ceil(2 * reach / side)) for reach in self.reach]
        kept = []
        for plane in range(cells[2]):
            index = np.stack(
                np.meshgrid(np.arange(cells[0]), np.arange(cells[1]), [plane], indexing="ij"), -1
            ).reshape(-1, 3)
            points = (index + rng.random(index.shape)) * side - self.reach
            kept.append(points[self.within(points)])
        return np.concatenate(kept)


def _disc(radius: float) -> list[Array]:
    return [phantoms.circle(radius, 0.0, points=240)[:, :2]] if radius > 0.05 else []


def sphere(radius: float) -> Body:
    """A sphere."""
    return ellipsoid(np.array([radius] * 3), "sphere")


def ellipsoid(axes: Array, name: str = "ellipsoid", lean: float = 0.0) -> Body:
    """An ellipsoid whose planes are shifted along x by `lean` mm per mm of height (sheared)."""

    def cut(z: float) -> list[Array]:
        size = float(np.sqrt(max(1 - (z / axes[2]) ** 2, 0.0)))
        drawn = _disc(size * 10.0)
        return [points * axes[:2] / 10.0 + np.array([lean * z, 0.0]) for points in drawn]

    def within(points: Array) -> NDArray[np.bool_]:
        straight = points - np.outer(points[:, 2], [lean, 0, 0])
        inside: NDArray[np.bool_] = ((straight / axes) ** 2).sum(-1) <= 1
        return inside

    reach = axes + np.array([abs(lean) * axes[2], 0, 0])
    return Body(name, float(4 / 3 * np.pi * axes.prod()), reach, cut, within)


def cylinder(radius: float, length: float) -> Body:
    """A cylinder along the normal, with flat ends."""
    half = length / 2
    return Body(
        "cylinder",
        np.pi * radius**2 * length,
        np.array([radius, radius, half]),
        lambda z: _disc(radius) if abs(z) <= half else [],
        lambda p: (np.hypot(p[:, 0], p[:, 1]) <= radius) & (np.abs(p[:, 2]) <= half),
        True,
    )


def lying_cylinder(radius: float, length: float) -> Body:
    """A cylinder across the normal: its cuts are rectangles."""

    def cut(z: float) -> list[Array]:
        y = float(np.sqrt(max(radius**2 - z**2, 0.0)))
        x = length / 2
        return [np.array([[-x, -y], [x, -y], [x, y], [-x, y]])] if y > 0.05 else []

    return Body(
        "cylinder, lying",
        np.pi * radius**2 * length,
        np.array([length / 2, radius, radius]),
        cut,
        lambda p: (np.hypot(p[:, 1], p[:, 2]) <= radius) & (np.abs(p[:, 0]) <= length / 2),
    )


def cone(radius: float, length: float, way: float) -> Body:
    """A cone along the normal; `way` is 1 where its tip is above, -1 below."""

    def at(z: Array | float) -> Array:
        return np.asarray(radius * (0.5 - way * np.asarray(z) / length))

    return Body(
        "cone",
        np.pi * radius**2 * length / 3,
        np.array([radius, radius, length / 2]),
        lambda z: _disc(float(at(z))),
        lambda p: (np.hypot(p[:, 0], p[:, 1]) <= at(p[:, 2])) & (np.abs(p[:, 2]) <= length / 2),
        True,
    )


def lying_cone(radius: float, length: float) -> Body:
    """A cone across the normal: its cuts are bounded by hyperbolas."""

    def cut(z: float) -> list[Array]:
        last = length * (0.5 - abs(z) / radius)
        x = np.concatenate((np.linspace(-length / 2, last, 120, endpoint=False), [last]))
        y = np.sqrt(np.maximum((radius * (0.5 - x / length)) ** 2 - z**2, 0))
        there = np.column_stack((x, -y))
        return [np.concatenate((there, (there * [1, -1])[-2::-1]))] if y[0] > 0.1 else []

    return Body(
        "cone, lying",
        np.pi * radius**2 * length / 3,
        np.array([length / 2, radius, radius]),
        cut,
        lambda p: np.hypot(p[:, 1], p[:, 2]) <= radius * (0.5 - p[:, 0] / length),
    )


def capsule(radius: float, length: float) -> Body:
    """A cylinder along the normal with round ends."""
    half = length / 2

    def at(z: Array | float) -> Array:
        beyond = np.maximum(np.abs(z) - half, 0.0)
        return np.sqrt(np.maximum(radius**2 - beyond**2, 0.0))

    return Body(
        "capsule",
        np.pi * radius**2 * length + 4 / 3 * np.pi * radius**3,
        np.array([radius, radius, half + radius]),
        lambda z: _disc(float(at(z))),
        lambda p: np.hypot(p[:, 0], p[:, 1]) <= at(p[:, 2]),
    )


def shell(outer: float, inner: float, keyhole: bool) -> Body:
    """A sphere with a hollow, the hole as a contour of its own or through a bridge."""

    def cut(z: float) -> list[Array]:
        drawn = [
            *_disc(float(np.sqrt(max(outer**2 - z * z, 0)))),
            *_disc(float(np.sqrt(max(inner**2 - z * z, 0)))),
        ]
        return [phantoms.keyhole(*drawn)] if keyhole and len(drawn) == 2 else drawn

    def within(points: Array) -> NDArray[np.bool_]:
        far = np.linalg.norm(points, axis=1)
        inside: NDArray[np.bool_] = (far <= outer) & (far >= inner)
        return inside

    volume = 4 / 3 * np.pi * (outer**3 - inner**3)
    return Body("shell, keyhole" if keyhole else "shell, xor", volume, np.full(3, outer), cut, within)


def tube(outer: float, inner: float, length: float, keyhole: bool) -> Body:
    """A ring drawn alike on every plane: a cylinder with a round channel along the normal."""
    half = length / 2

    def cut(z: float) -> list[Array]:
        if abs(z) > half:
            return []
        drawn = [*_disc(outer), *_disc(inner)]
        return [phantoms.keyhole(*drawn)] if keyhole else drawn

    def within(points: Array) -> NDArray[np.bool_]:
        far = np.hypot(points[:, 0], points[:, 1])
        inside: NDArray[np.bool_] = (far <= outer) & (far >= inner) & (np.abs(points[:, 2]) <= half)
        return inside

    volume = np.pi * (outer**2 - inner**2) * length
    reach = np.array([outer, outer, half])
    return Body("ring, keyhole" if keyhole else "ring", volume, reach, cut, within, True)


def matrix(rng: np.random.Generator, low: float, high: float) -> list[Body]:
    """One body of each kind, sizes at random between two radii."""

    def size() -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    one = size()
    return [
        sphere(size()),
        ellipsoid(np.array([size(), size(), size()])),
        ellipsoid(
            np.array([one, one, one * rng.uniform(0.8, 1.6)]), "ellipsoid, leaning", rng.uniform(0.2, 0.6)
        ),
        capsule(size(), size()),
        cylinder(size(), 2 * size()),
        lying_cylinder(size(), 2 * size()),
        cone(size(), 2 * size(), rng.choice([-1.0, 1.0])),
        lying_cone(size(), 2 * size()),
        tube(one, one * rng.uniform(0.3, 0.7), 2 * size(), bool(rng.random() < 0.5)),
        shell(one, one * rng.uniform(0.3, 0.7), False),
        shell(one, one * rng.uniform(0.3, 0.7), True),
    ]
