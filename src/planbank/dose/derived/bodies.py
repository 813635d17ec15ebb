"""Structures as bodies: prisms between the heights at which their cross-section changes.

Comes in: the planes of ROIs under one of the engine's conventions. Goes out: a `Body` of each, and
the body that an expression makes of several. What lies between planes is the engine's own model
(`planbank.dose.shape`, or `planbank.dose.slabs` on request), so that structures drawn on other
planes or with another spacing are cut at the heights of all; nothing is matched to the nearest slice.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planbank.dose.derived.overlay import MOST_REGIONS, overlay
from planbank.dose.derived.prisms import Prism
from planbank.dose.derived.shaped import shaped
from planbank.dose.nesting import border
from planbank.dose.slabs import EndCaps, slabs
from planbank.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from planbank.dicom.geometry import Axes
    from planbank.dose.planes import Planes

SAME_HEIGHT = 1e-6
"""mm within which heights are one; rounding only, so that the volume of a structure stays its own."""

PARALLEL = 1e-9
"""1 less the cosine by which axes may differ: 0.01 mm at 200 mm."""


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """Prisms in the coordinates of `axes`; those at one height lie beside each other.

    `spacing` is the least plane spacing (mm) of what it is made of; `flags` are keys of
    `planbank.dose.flags.FLAGS`; `end_caps` the convention it was made by.
    """

    axes: Axes
    prisms: tuple[Prism, ...]
    spacing: float
    flags: tuple[str, ...]
    end_caps: EndCaps = "slab"

    @property
    def volume(self) -> float:
        """mm3."""
        return sum(prism.volume for prism in self.prisms)


def body_of(planes: Planes, usual: float | None, end_caps: EndCaps) -> Body:
    """The body of an ROI's planes.

    Args:
        planes: of the ROI.
        usual: the structure set's plane spacing in mm, for lone slices.
        end_caps: 'shape' follows the body; 'slab', 'half' or 'none' are prisms of each plane.
    """
    if not planes.planes:
        return Body(planes.axes, (), 0.0, (*planes.flags, "empty"), end_caps)
    stack = slabs(planes.positions.tolist(), usual, end_caps=end_caps)
    flags = [*planes.flags, *stack.flags]
    if end_caps == "shape":
        broken = {i for i, _ in stack.bridged}
        joined = [i not in broken for i in range(len(planes.planes) - 1)]
        made = shaped(planes.planes, joined, stack.spacing, flags)
        return Body(planes.axes, tuple(made), stack.spacing, tuple(dict.fromkeys(flags)), end_caps)
    prisms = []
    for plane, slab in zip(planes.planes, stack.slabs, strict=True):
        edge = border(plane.polygons)
        flags += ["crossing"] if edge.crossing else []
        flags += ["repeated"] if edge.repeated else []
        prisms.append(Prism(slab.low, slab.high, plane.position, edge.edges))
    return Body(planes.axes, tuple(prisms), stack.spacing, tuple(dict.fromkeys(flags)), end_caps)


def combine(bodies: Sequence[Body], table: NDArray[np.bool_]) -> Body:
    """The body that a rule makes of several.

    Args:
        bodies: at most MOST_REGIONS, with planes parallel to one another.
        table: see `planbank.dose.derived.overlay.overlay`.

    Raises ExpressionError where the structures are drawn in planes that are not parallel.
    """
    if len(bodies) > MOST_REGIONS:
        raise ExpressionError(f"More than {MOST_REGIONS} structures in one expression.")
    drawn = [body for body in bodies if body.prisms]
    if not drawn:
        return Body(bodies[0].axes, (), 0.0, ("empty",), bodies[0].end_caps)
    if not all(body.axes.parallel(drawn[0].axes, PARALLEL) for body in drawn):
        raise ExpressionError("The structures are drawn in planes that are not parallel.")
    cuts = _heights(drawn)
    made = []
    for low, high in itertools.pairwise(cuts):
        middle = 0.5 * (low + high)
        here = [_at(body, middle) for body in bodies]
        edges = overlay([_together(prisms) for prisms in here], table)
        if len(edges):
            every = (prism.drawn for prisms in here for prism in prisms)
            own = [drawn for drawn in every if low <= drawn <= high]
            made.append(Prism(low, high, own[0] if own else middle, edges))
    flags = [flag for body in drawn for flag in body.flags]
    return Body(
        drawn[0].axes,
        tuple(made),
        min(body.spacing for body in drawn),
        tuple(dict.fromkeys(flags if made else [*flags, "empty"])),
        drawn[0].end_caps,
    )


_NOTHING = np.empty((0, 4))


def _heights(bodies: Iterable[Body]) -> list[float]:
    """All heights at which a cross-section changes; those within SAME_HEIGHT are one."""
    every = sorted(h for body in bodies for prism in body.prisms for h in (prism.low, prism.high))
    kept: list[float] = []
    for height in every:
        if not kept or height - kept[-1] > SAME_HEIGHT:
            kept.append(height)
    return kept


def _at(body: Body, height: float) -> list[Prism]:
    return [prism for prism in body.prisms if prism.low <= height < prism.high]


def _together(prisms: Sequence[Prism]) -> NDArray[np.float64]:
    return np.concatenate([prism.edges for prism in prisms]) if prisms else _NOTHING
