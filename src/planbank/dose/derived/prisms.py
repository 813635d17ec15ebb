"""A prism: one cross-section between two heights.

Comes in: edges with the cross-section on their left. Goes out: its volume.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planbank.dose.derived.overlay import area_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Prism:
    """One cross-section from `low` to `high` mm along the normal.

    `drawn` is the height at which its contours were drawn (mm); `edges` (n, 4) have it on their left.
    """

    low: float
    high: float
    drawn: float
    edges: NDArray[np.float64]

    @property
    def volume(self) -> float:
        """mm3."""
        return (self.high - self.low) * area_of(self.edges)

    @property
    def box(self) -> float:
        """mm2 of the rectangle about the cross-section."""
        corners = self.edges.reshape(-1, 2)
        return float(np.prod(np.ptp(corners, axis=0)))
