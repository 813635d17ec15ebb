"""The bodies of ROIs as the engine's shape model has them, cut into prisms.

Comes in: planes of an ROI. Goes out: `Prism`s: the cross-section of every layer that the model
interpolates (`planbank.dose.shape`), so that what is derived agrees with what it is derived from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planbank.dose.derived.prisms import Prism
from planbank.dose.regions import Region, layers_of, regions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planbank.dose.planes import Plane
    from planbank.dose.shape import Layers

ACROSS = 60.0
"""Cells across a plane, to tell which regions lie on one another."""

LAYERS = 3.0
"""Layers in one plane spacing, at least."""


def shaped(planes: Sequence[Plane], joined: Sequence[bool], spacing: float, flags: list[str]) -> list[Prism]:
    """Prisms of all layers; those of different regions may stand beside each other at one height.

    Args:
        planes: in ascending order.
        joined: for each pair of neighbours, whether nothing is missing between them.
        spacing: mm, of the ROI.
        flags: gains what is odd about the contours.
    """
    size = _size(planes)
    regions = [regions_of(plane, size, flags) for plane in planes]
    positions = [plane.position for plane in planes]
    made = layers_of(regions, positions, joined, spacing, size, spacing / LAYERS)
    return [prism for region, layers in made for prism in _prisms(region, layers)]


def _size(planes: Sequence[Plane]) -> tuple[float, float]:
    widest = max(float(np.ptp(polygon, axis=0).max()) for plane in planes for polygon in plane.polygons)
    side = min(max(widest / ACROSS, 0.2), 3.0)
    return side, side


def _prisms(region: Region, layers: Layers) -> list[Prism]:
    """One prism a layer: the edges carried there, drawn in or out about their middle to its volume."""
    order = np.argsort(layers.heights)
    bounds = _bounds(layers.heights[order], layers.thickness[order], region.section.position)
    made = []
    for k, low, high in zip(order, bounds[:-1], bounds[1:], strict=True):
        a, b, c, d, e, f = layers.maps[k]
        carry, shift = np.array([[a, b], [c, d]]), np.array([e, f])
        middle = carry @ region.section.centroid + shift
        grow = np.sqrt(max(layers.factors[k], 0.0) / (layers.thickness[k] * abs(a * d - b * c)))
        points = (region.edges.reshape(-1, 2) @ carry.T + shift - middle) * grow + middle
        drawn = region.section.position
        height = drawn if low - 1e-9 <= drawn <= high + 1e-9 else float(layers.heights[k])
        made.append(Prism(float(low), float(high), height, points.reshape(-1, 4)))
    return made


def _bounds(
    heights: NDArray[np.float64], thickness: NDArray[np.float64], position: float
) -> NDArray[np.float64]:
    """Where layers that lie on one another begin and end.

    Each holds its height, and the plane they were made from is one of the bounds.
    """
    steps = np.concatenate(([0.0], np.cumsum(thickness)))
    least, most = float((heights - steps[1:]).max()), float((heights - steps[:-1]).min())
    starts = position - steps
    nearest = starts[np.argmin(np.abs(starts - 0.5 * (least + most)))]
    slack = 1e-6 + 1e-3 * float(thickness.max())
    start = nearest if least - slack <= nearest <= most + slack else 0.5 * (least + most)
    return np.asarray(start + steps)
