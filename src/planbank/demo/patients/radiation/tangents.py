"""Dose of two opposing tangential fields over a breast.

Comes in: a `Case` and grid vectors in mm. Goes out: the dose of each field in Gy, shape (nz, ny, nx).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..geometry.shapes import Array
from ..geometry.texture import noise
from .beam_geometry import Mask, across_and_along, edge, seen, skin

if TYPE_CHECKING:
    from ..sites.case import Case

MU = 0.0030  # per mm, effective attenuation with wedges


def tangents(case: Case, x: Array, y: Array, z: Array) -> list[Array]:
    """One dose per field; together the mean in the target is the prescription."""
    key, gy = case.prescription.levels[0]
    target = case.target(key).on(x, y, z)
    mask = target < 0
    planes = z[mask.any(axis=(1, 2))]
    share = skin(case.anatomy.outline, x, y, z, build_up=7, entry=0.6)
    length = edge(z - planes.min() + 8, 2.2) * edge(planes.max() + 8 - z, 2.2)
    deep = _deep_edge(case, mask, x, y)
    doses = []
    for beam in case.beams:
        u, t = across_and_along(x[None, :], y[:, None], case.isocentre, beam.gantry)
        front = -u if _faces_back(case, beam.gantry) else u
        field = edge(front[None] - deep + 5, 2.0) * length[:, None, None]
        field *= np.exp(np.float32(MU) * t)[None] * (1 + np.float32(0.0004) * front)[None]
        field += np.float32(0.02) * np.exp(-np.maximum(target, 0) / np.float32(28))
        doses.append(field * share)
    total = sum(doses[1:], doses[0])
    grain = 1 + np.float32(0.010) * noise(22, case.anatomy.build.seed + 60)(x, y, z)
    scale = np.float32(gy) / (total * grain)[mask].mean()
    return [dose * grain * scale for dose in doses]


def _faces_back(case: Case, gantry: float) -> bool:
    """Whether the front of the breast lies at negative u: u points to the patient's left at 0 degrees."""
    return bool(np.sin(np.radians(gantry)) > 0)


def _deep_edge(case: Case, mask: Mask, x: Array, y: Array) -> np.float32:
    """The deep border of the target across the first field: straight, a little lung within it."""
    u, _ = across_and_along(x[None, :], y[:, None], case.isocentre, case.beams[0].gantry)
    front = -u if _faces_back(case, case.beams[0].gantry) else u
    low, _ = seen(mask, np.broadcast_to(front, mask.shape))
    return np.float32(np.percentile(low, 6))
