"""Pairs of balls: as contours, as masks, and their true figures.

Comes in: a seed. Goes out: `Pair`s; what is true of them is summed over points spread evenly on both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.contours.shapes import Array, ball

POINTS = 20_000


@dataclass(frozen=True)
class Pair:
    """Radii in mm, the second ball's middle, and the slice spacing."""

    radii: tuple[float, float]
    middle: Array
    spacing: float

    def rings(self) -> tuple[list[Array], list[Array]]:
        one = ball(self.radii[0], self.spacing, self.phase)
        return one, ball(self.radii[1], self.spacing, self.phase + self.middle)

    @property
    def phase(self) -> Array:
        """So that slices do not pass through the middle."""
        return np.array([0.3, 0.1, 0.37 * self.spacing])

    def masks(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Voxels of 1 x 1 mm by the spacing whose middle the contours of their slice hold."""
        reach = max(self.radii) + float(np.abs(self.middle).max()) + 6
        z = np.arange(np.floor(-reach / self.spacing), np.ceil(reach / self.spacing) + 1) * self.spacing
        side = np.arange(-np.ceil(reach), np.ceil(reach) + 1)
        x, y, z = np.meshgrid(side, side, z, indexing="ij")
        at = np.stack([x, y, z], axis=-1)
        one = np.linalg.norm(at - self.phase, axis=-1) < self.radii[0]
        other = np.linalg.norm(at - self.phase - self.middle, axis=-1) < self.radii[1]
        return one, other

    def truth(self, tolerance: float = 2.0) -> list[float]:
        """Dice, HD95, mean surface distance, surface Dice."""
        sphere = _even(POINTS)
        (one, other), off = self.radii, self.middle
        there = np.abs(np.linalg.norm(sphere * one - off, axis=1) - other)
        back = np.abs(np.linalg.norm(sphere * other + off, axis=1) - one)
        areas = np.array([one**2, other**2])
        return [
            2 * _lens(one, other, float(np.linalg.norm(off))) / (4 / 3 * np.pi * (one**3 + other**3)),
            max(np.quantile(there, 0.95), np.quantile(back, 0.95)),
            float(areas @ [there.mean(), back.mean()] / areas.sum()),
            float(areas @ [(there <= tolerance).mean(), (back <= tolerance).mean()] / areas.sum()),
        ]


def pairs(seed: int, count: int) -> list[Pair]:
    """Radii of 8 to 30 mm, up to 8 mm apart, slices of 2, 2.5 or 3 mm."""
    chance = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        radius = chance.uniform(8, 30)
        way = chance.normal(size=3)
        middle = way / np.linalg.norm(way) * chance.uniform(0.5, 8)
        radii = (radius, radius * chance.uniform(0.85, 1.2))
        made.append(Pair(radii, middle, float(chance.choice([2.0, 2.5, 3.0]))))
    return made


def _even(count: int) -> Array:
    """(count, 3) points spread evenly over the unit sphere."""
    n = np.arange(count) + 0.5
    z, turn = 1 - 2 * n / count, np.pi * (1 + np.sqrt(5)) * n
    wide = np.sqrt(1 - z * z)
    return np.column_stack([wide * np.cos(turn), wide * np.sin(turn), z])


def _lens(a: float, b: float, d: float) -> float:
    """mm3 common to two balls whose middles are d mm apart."""
    if d <= abs(a - b):
        return 4 / 3 * np.pi * min(a, b) ** 3
    if d >= a + b:
        return 0.0
    return float(np.pi * (a + b - d) ** 2 * (d * d + 2 * d * (a + b) - 3 * (a - b) ** 2) / (12 * d))
