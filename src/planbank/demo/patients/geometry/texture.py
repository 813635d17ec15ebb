"""Texture in Hounsfield units: smooth noise in patient space, the same at every resolution.

Comes in: a mean, an amplitude, a grain size in mm and a seed. Goes out: a function of coordinate vectors.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .shapes import Array

Texture = Callable[[Array, Array, Array], Array]
LATTICE = 40  # knots a side; the pattern repeats after LATTICE / 2 grains


def noise(grain: float, seed: int) -> Texture:
    """Smooth noise of about unit spread whose grains are about `grain` mm wide."""
    lattice = _lattice(seed)
    knot = grain / 2

    def read(x: Array, y: Array, z: Array) -> Array:
        found = lattice
        for axis, at in ((0, z), (1, y), (2, x)):
            place = at.reshape(-1).astype(np.float64) / knot + 1000.37 * LATTICE
            low = np.floor(place)
            form = [1, 1, 1]
            form[axis] = -1
            weight = (place - low).astype(np.float32).reshape(form)
            first = low.astype(np.int64) % LATTICE
            a = np.take(found, first, axis=axis)
            b = np.take(found, (first + 1) % LATTICE, axis=axis)
            b -= a
            b *= weight
            b += a
            found = b
        return found

    return read


def _lattice(seed: int) -> Array:
    """Normal numbers smoothed to round grains (binomial, twice along each axis), of unit spread."""
    knots = np.random.default_rng([seed, 7]).standard_normal((LATTICE,) * 3, dtype=np.float32)
    for _ in range(2):
        for axis in range(3):
            knots = np.roll(knots, 1, axis) + 2 * knots + np.roll(knots, -1, axis)
    return np.asarray(knots / knots.std(), dtype=np.float32)


def mottled(mean: float, spread: float, grain: float, seed: int) -> Texture:
    """A mean with smooth noise upon it."""
    grains = noise(grain, seed)
    return lambda x, y, z: grains(x, y, z) * np.float32(spread) + np.float32(mean)


def mixed(base: float, other: float, share: float, grain: float, seed: int, blur: float = 0.35) -> Texture:
    """Two tissues in patches: `other` where the noise lies above the level that leaves it about `share`."""
    grains = noise(grain, seed)
    level = np.float32(0.8 * _quantile(1 - share))

    def read(x: Array, y: Array, z: Array) -> Array:
        part = np.clip((grains(x, y, z) - level) / np.float32(blur) + 0.5, 0, 1)
        return np.asarray(part * np.float32(other - base) + np.float32(base), dtype=np.float32)

    return read


def _quantile(p: float) -> float:
    """The normal quantile, good to some hundredths (logistic approximation)."""
    p = min(max(p, 1e-3), 1 - 1e-3)
    return float(np.log(p / (1 - p)) / 1.702)
