"""Dose of scanned proton fields: entrance plateau, spread-out peak, sharp distal edge.

Comes in: a `Case` and grid vectors in mm. Goes out: the dose of each field in Gy(RBE), shape (nz, ny, nx).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..geometry.shapes import Array
from ..geometry.texture import noise
from .beam_geometry import across_and_along, edge, skin

if TYPE_CHECKING:
    from ..sites.case import Case


def protons(case: Case, x: Array, y: Array, z: Array) -> list[Array]:
    """One dose per field; together the mean in the target is the prescription."""
    key, gy = case.prescription.levels[0]
    target = case.target(key).on(x, y, z)
    share = skin(case.anatomy.outline, x, y, z, build_up=4, entry=0.85)
    doses = [_field(target, case, beam.gantry, x, y) * share for beam in case.beams]
    total = sum(doses[1:], doses[0])
    around = edge(np.float32(3.4) - target, 1.4)
    even = np.where(target < 4, np.float32(len(doses)) / np.maximum(total, np.float32(0.3 * len(doses))), 1)
    even = 1 + (even - 1) * around
    grain = even * (1 + np.float32(0.008) * noise(20, case.anatomy.build.seed + 60)(x, y, z))
    scale = np.float32(gy) / (total * grain)[target < 0].mean()
    return [dose * grain * scale for dose in doses]


def _field(target: Array, case: Case, gantry: float, x: Array, y: Array) -> Array:
    """One field of unit dose in the target: for each ray of each plane the near and far end of the target."""
    u, t = across_and_along(x[None, :], y[:, None], case.isocentre, gantry)
    near, far, side = _rays(target, u, t)
    proximal, distal = edge(near + 3 - t, 3.0), edge(t - far + 3.5, 1.5)
    length = np.maximum(near - far, 5)
    plateau = np.float32(0.42) + np.float32(0.004) * length
    along = (plateau + (1 - plateau) * proximal) * distal
    fall = np.exp(-np.maximum(t - near, 0) * np.float32(0.0012))
    return np.asarray(along * fall * side, dtype=np.float32)


def _rays(target: Array, u: Array, t: Array) -> tuple[Array, Array, Array]:
    """Near end, far end and lateral share of the target for every voxel, by bins across the beam."""
    width = np.float32(2.5)
    first = u.min()
    bins = ((u - first) / width).astype(np.int64)
    count = int(bins.max()) + 2
    planes = np.arange(target.shape[0])[:, None, None] * count
    index = (planes + bins[None]).ravel()
    inside = (target < 2.0).ravel()
    along = np.broadcast_to(t, target.shape).ravel()
    near = np.full(target.shape[0] * count, -np.inf, dtype=np.float32)
    far = np.full_like(near, np.inf)
    np.maximum.at(near, index[inside], along[inside])
    np.minimum.at(far, index[inside], along[inside])
    near, far = (_filled(v.reshape(-1, count)) for v in (near, far))
    least = np.full(near.size, np.inf, dtype=np.float32)
    np.minimum.at(least, index, target.ravel())
    least = _smooth(np.where(np.isfinite(least), least, 60).reshape(-1, count))
    near, far = _smooth(near), _smooth(far)
    shape = target.shape
    return (
        near.ravel()[index].reshape(shape),
        far.ravel()[index].reshape(shape),
        edge(3.0 - least.ravel()[index].reshape(shape), 1.8),
    )


def _filled(values: Array) -> Array:
    """Rays that miss the target take the mean of those that meet it."""
    there = np.isfinite(values)
    return np.where(there, values, values[there].mean()).astype(np.float32)


def _smooth(values: Array) -> Array:
    padded = np.pad(values, 1, mode="edge")
    rows = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
    return np.asarray(0.25 * rows[:, :-2] + 0.5 * rows[:, 1:-1] + 0.25 * rows[:, 2:], dtype=np.float32)
