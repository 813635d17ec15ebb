"""One structure against another: all figures of R112, in space and slice by slice.

Comes in: the bodies of a reference and of what is compared with it, in one frame of reference. Goes out: a
`Comparison`. What cannot be told (a distance to nothing) is None, never a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planbank.contours.body import centroid
from planbank.contours.cells import areas_by_holder, layers, must_be_parallel
from planbank.contours.distances import distances
from planbank.contours.loops import with_level_edges
from planbank.contours.outline import added_path, outline_distances
from planbank.contours.surface import surface_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planbank.dose.derived.bodies import Body

TOLERANCE = 2.0
"""mm within which borders count as the same, where nothing else is asked."""


@dataclass(frozen=True, slots=True)
class SliceComparison:
    """One slice, `low` to `high` mm along the normal; areas in cm2, distances and the added path in mm."""

    low: float
    high: float
    reference_area: float
    area: float
    dsc: float
    hd95: float | None
    mean_distance: float | None
    added_path: float

    @property
    def thickness(self) -> float:
        """mm."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Comparison:
    """A structure against a reference.

    Attributes:
        reference_volume, volume, common: cm3.
        dsc: Dice similarity coefficient; None where both are empty.
        shift: (x, y, z) mm in patient coordinates, from the reference's centroid; None where one is empty.
        hd95, hausdorff, mean_distance: mm between the surfaces, both ways; None where one is empty.
        surface_dsc: part of both surfaces within `tolerance` mm of the other; None where both are empty.
        added_path: mm of the reference's contours farther than `tolerance` mm from the other's on the slice.
        slices: upwards, those on which either is drawn.
    """

    reference_volume: float
    volume: float
    common: float
    dsc: float | None
    shift: tuple[float, float, float] | None
    hd95: float | None
    hausdorff: float | None
    mean_distance: float | None
    surface_dsc: float | None
    added_path: float
    tolerance: float
    slices: tuple[SliceComparison, ...]


def compare(reference: Body, other: Body, *, tolerance: float = TOLERANCE) -> Comparison:
    """Compare a body with a reference.

    Args:
        reference, other: from `planbank.contours.body_of_contours` or a consensus.
        tolerance: mm.

    Raises ExpressionError where they are drawn in planes that are not parallel.
    """
    must_be_parallel([reference, other])
    slices = tuple(_slices(reference, other, tolerance))
    held = sum(s.reference_area * s.thickness for s in slices) / 10.0
    volume = sum(s.area * s.thickness for s in slices) / 10.0
    common = sum(0.5 * s.dsc * (s.reference_area + s.area) * s.thickness for s in slices) / 10.0
    apart = distances(surface_of(reference), surface_of(other))
    return Comparison(
        reference_volume=held,
        volume=volume,
        common=common,
        dsc=2.0 * common / (held + volume) if slices else None,
        shift=_shift(reference, other),
        hd95=apart.quantile(0.95) if apart else None,
        hausdorff=apart.quantile(1.0) if apart else None,
        mean_distance=apart.mean if apart else None,
        surface_dsc=apart.within(tolerance) if apart else 0.0 if slices else None,
        added_path=sum(s.added_path * _part(reference, s) for s in slices),
        tolerance=tolerance,
        slices=slices,
    )


def _slices(reference: Body, other: Body, tolerance: float) -> Iterator[SliceComparison]:
    for low, high, borders in layers([reference, other]):
        areas = dict(areas_by_holder(borders))
        if not areas:  # lines that bound nothing
            continue
        alone, others, both = areas.get(1, 0.0), areas.get(2, 0.0), areas.get(3, 0.0)
        drawn, compared = (with_level_edges(edges) for edges in borders)
        apart = outline_distances(drawn, compared)
        yield SliceComparison(
            low=low,
            high=high,
            reference_area=(alone + both) / 100.0,
            area=(others + both) / 100.0,
            dsc=2.0 * both / (alone + others + 2.0 * both),
            hd95=apart.quantile(0.95) if apart else None,
            mean_distance=apart.mean if apart else None,
            added_path=added_path(drawn, compared, tolerance),
        )


def _part(reference: Body, layer: SliceComparison) -> float:
    """How much of the reference's slice the layer is: less than 1 where the other's slices lie elsewhere."""
    middle = 0.5 * (layer.low + layer.high)
    held = [prism for prism in reference.prisms if prism.low <= middle < prism.high]
    return layer.thickness / (held[0].high - held[0].low) if held else 0.0


def _shift(reference: Body, other: Body) -> tuple[float, float, float] | None:
    one, two = centroid(reference), centroid(other)
    if one is None or two is None:
        return None
    x, y, z = (two - one).tolist()
    return x, y, z
