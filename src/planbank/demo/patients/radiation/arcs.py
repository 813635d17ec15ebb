"""Dose of volumetric arcs: conformal levels, a bath from many directions, spared organs.

Comes in: a `Case` and grid vectors in mm. Goes out: the dose of each arc in Gy, shape (nz, ny, nx).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..geometry.shapes import Array
from ..geometry.texture import noise
from .beam_geometry import across_and_along, edge, seen, skin

if TYPE_CHECKING:
    from ..sites.case import Case

STEP = 15  # degrees between the directions that make the bath
MU = 0.0042  # per mm, effective attenuation of the beam


def arcs(case: Case, x: Array, y: Array, z: Array) -> list[Array]:
    """One dose per arc; together the mean in the highest target is the prescription."""
    levels = case.prescription.levels
    distances = [case.target(key).on(x, y, z) for key, _ in levels]
    share = skin(case.anatomy.outline, x, y, z)
    dose = _levels(distances, [gy for _, gy in levels])
    around = edge(np.float32(3.2) - distances[-1], 1.4)
    dose += (1 - around) * _spared_bath(case, x, y, z) * np.float32(0.8 * levels[-1][1])
    dose *= share
    dose *= 1 + np.float32(0.011) * noise(24, case.anatomy.build.seed + 60)(x, y, z)
    inside = distances[0] < 0
    dose *= np.float32(levels[0][1] / dose[inside].mean())
    split = np.float32(1 / len(case.beams)) + np.float32(0.03) * noise(60, case.anatomy.build.seed + 61)(
        x, y, z
    )
    first = dose * split
    return [first, dose - first] if len(case.beams) == 2 else [dose]


def _levels(distances: list[Array], doses: list[float]) -> Array:
    """Each target at its dose with a penumbra of some mm, the higher upon the lower."""
    below = [*doses[1:], 0.0]
    total = np.zeros_like(distances[0])
    for distance, gy, lower in zip(distances, doses, below, strict=True):
        total += edge(np.float32(4.2) - distance, 1.5) * np.float32(gy - lower)
    return total


def _spared_bath(case: Case, x: Array, y: Array, z: Array) -> Array:
    bath = _bath(case, x, y, z)
    for key, by in case.spared:
        distance = case.target(key).on(x, y, z)
        bath *= 1 - np.float32(by) * edge(np.float32(1.0) - distance, 2.5)
    return bath


def _bath(case: Case, x: Array, y: Array, z: Array) -> Array:
    """What all directions together leave on the way, 1 about the target; computed at half resolution."""
    cx, cy, cz = (v[::2] for v in (x, y, z))
    target = case.target(case.prescription.levels[-1][0]).on(cx, cy, cz)
    mask = target < 0
    rng = np.random.default_rng([case.anatomy.build.seed, 62])
    total = np.zeros(mask.shape, dtype=np.float32)
    weights = 0.0
    for gantry in range(0, 360, STEP):
        u, t = across_and_along(cx[None, :], cy[:, None], case.isocentre, gantry + 0.5)
        low, high = seen(mask, u)
        weight = np.float32(rng.uniform(0.45, 1.55))
        low, high = low[:, None, None], high[:, None, None]
        part = edge(u - low + 4, 2.6) * edge(high - u + 4, 2.6)
        total += weight * part * np.exp(np.float32(MU) * t)
        weights += float(weight)
    total /= np.float32(weights)
    planes = cz[mask.any(axis=(1, 2))]
    total *= (edge(cz - planes.min() + 5, 2.4) * edge(planes.max() + 5 - cz, 2.4))[:, None, None]
    total += np.float32(0.035) * np.exp(-np.maximum(target, 0) / np.float32(45))
    return _widened(total, (z, y, x), (cz, cy, cx))


def _widened(coarse: Array, fine: tuple[Array, ...], knots: tuple[Array, ...]) -> Array:
    """A coarse grid read linearly at the fine coordinates, axis by axis."""
    found = coarse
    for axis, (at, known) in enumerate(zip(fine, knots, strict=True)):
        place = np.clip((at - known[0]) / (known[1] - known[0]), 0, len(known) - 1)
        low = np.minimum(place.astype(np.int64), len(known) - 2)
        form = [1, 1, 1]
        form[axis] = -1
        weight = (place - low).astype(np.float32).reshape(form)
        a, b = np.take(found, low, axis=axis), np.take(found, low + 1, axis=axis)
        found = a + (b - a) * weight
    return np.asarray(found, dtype=np.float32)
