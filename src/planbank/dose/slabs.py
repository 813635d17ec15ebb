"""The slab model: every plane stands for half the way to its neighbours.

Comes in: positions of an ROI's planes and the spacing to use where a neighbour is missing.
Goes out: a `Slab` per plane. With even spacing the volume is sum(area x spacing), which is
unbiased over where the slices happen to lie (Cavalieri).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from planbank.dicom.images import modal_spacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

EndCaps = Literal["shape", "slab", "half", "none"]
"""How far the first and last plane reach beyond themselves: 'shape' as the body's own profile
suggests; in slices: 'slab' half a slice, 'half' a quarter, 'none' not at all."""

END_CAPS: dict[EndCaps, float] = {"shape": 0.5, "slab": 0.5, "half": 0.25, "none": 0.0}

BREAK = 1.5
"""Neighbours further apart than this many spacings are not joined."""


@dataclass(frozen=True, slots=True)
class Slab:
    """What one plane stands for: from `low` to `high` mm along the normal."""

    low: float
    high: float

    @property
    def thickness(self) -> float:
        """mm."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Slabs:
    """Slabs in the order of the planes.

    Attributes:
        spacing: mm, the ROI's own modal plane spacing, or the one that stood in for it.
        bridged: thickness in mm that joining across each break would add to the plane below
            it and to the one above, as (index below, mm for each).
        flags: keys of `planbank.dose.flags.FLAGS`.
    """

    slabs: tuple[Slab, ...]
    spacing: float
    bridged: tuple[tuple[int, float], ...]
    flags: tuple[str, ...]


def usual_spacing(positions: Iterable[NDArray[np.float64]]) -> float | None:
    """The modal plane spacing over many ROIs: the structure set's own. None where no ROI has two planes."""
    gaps = [np.diff(of_roi) for of_roi in positions if len(of_roi) > 1]
    if not gaps:
        return None
    return modal_spacing(np.concatenate(([0.0], np.cumsum(np.concatenate(gaps)))))


def slabs(positions: Sequence[float], usual: float | None, *, end_caps: EndCaps = "slab") -> Slabs:
    """Slabs for planes at ascending positions.

    Args:
        positions: mm along the normal.
        usual: the structure set's modal spacing in mm, or None where it has none.
        end_caps: the convention at the first and last plane.
    """
    flags: list[str] = []
    spacing = _spacing(positions, usual, flags)
    gaps = np.diff(np.asarray(positions, float))
    joined = gaps <= BREAK * spacing
    if len(gaps) and not joined.all():
        flags.append("gap")
    half = spacing / 2
    cap = END_CAPS[end_caps] * spacing
    made = []
    for i, position in enumerate(positions):
        below = cap if i == 0 else gaps[i - 1] / 2 if joined[i - 1] else half
        above = cap if i == len(gaps) else gaps[i] / 2 if joined[i] else half
        if len(positions) == 1:
            below = above = half
        made.append(Slab(float(position - below), float(position + above)))
    bridged = tuple((i, float(gap / 2 - half)) for i, gap in enumerate(gaps) if not joined[i])
    return Slabs(tuple(made), spacing, bridged, tuple(flags))


def _spacing(positions: Sequence[float], usual: float | None, flags: list[str]) -> float:
    """The spacing of an ROI: its own modal one, unless its few planes are too far apart to be a rhythm."""
    own = modal_spacing(positions)
    if own is None:
        flags.append("lone-slice")
        if usual is None:
            flags.append("spacing-assumed")
            return 1.0
        return usual
    gaps = np.diff(np.asarray(positions, float))
    rhythm = int((np.abs(gaps - own) <= 0.02).sum())
    if usual is not None and rhythm == 1 and own > 2.1 * usual:
        flags.append("lone-slice")
        return usual
    if usual is not None and own > 1.5 * usual:
        flags.append("every-nth-slice")
    return own
