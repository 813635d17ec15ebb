"""Directions in the patient: image orientation as three unit vectors.

Comes in: Image Orientation (Patient). Goes out: `Axes`, or None where the values cannot be
directions. Patient coordinates are mm, x to the left, y to the back, z to the head (DICOM
PS3.3, section C.7.6.2.1.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TOLERANCE = 0.01
"""How far from unit length and from a right angle the cosines may be (rounded values are common)."""


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """Right-handed unit vectors (3,) float64.

    Attributes:
        across: the direction in which the column index grows.
        down: the direction in which the row index grows.
        normal: across x down, the direction in which frames or slices are counted.
    """

    across: NDArray[np.float64]
    down: NDArray[np.float64]
    normal: NDArray[np.float64]

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(3, 3): rows are the axes, so that matrix @ patient = local coordinates."""
        return np.array([self.across, self.down, self.normal])

    def parallel(self, other: Axes, tolerance: float = 1e-4) -> bool:
        """Whether all three directions agree (cosine within the tolerance)."""
        cosines = np.einsum("ij,ij->i", self.matrix, other.matrix)
        return bool((cosines > 1.0 - tolerance).all())


def axes_of(cosines: Sequence[float] | None) -> Axes | None:
    """Axes from six direction cosines, made exactly orthonormal; None where they are no directions."""
    if cosines is None or len(cosines) != 6:
        return None
    across, down = np.array(cosines[:3], float), np.array(cosines[3:], float)
    lengths = np.linalg.norm(across), np.linalg.norm(down)
    if any(abs(length - 1.0) > TOLERANCE for length in lengths):
        return None
    across, down = across / lengths[0], down / lengths[1]
    if abs(across @ down) > TOLERANCE:
        return None
    down = down - (across @ down) * across
    down = down / np.linalg.norm(down)
    return Axes(across, down, np.cross(across, down))
