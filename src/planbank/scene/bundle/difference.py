"""The difference of two doses, from the dose model of the DVHs (R101).

Comes in: two doses on one frame of reference. Goes out: first minus second on the grid of the first, in
the form of every dose of a bundle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planbank.dose.sampling import Samples, field_of, sample
from planbank.scene.bundle.doses import on_grid, pack_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planbank.dicom.dose_grid import DoseGrid


def difference(first: DoseGrid, second: DoseGrid) -> tuple[dict[str, Any], bytes]:
    """First minus second in Gy; zero where the second does not reach (`outside`: that part of the grid)."""
    field = field_of([second], [1.0])
    found: list[Samples] = []

    def read_off(x: NDArray[np.float64], y: NDArray[np.float64], w: NDArray[np.float64]) -> Any:
        found.append(sample(field, first.geometry.axes, x, y, w, cubic=True))
        return found[0].dose

    other = on_grid(first.geometry, read_off)
    inside = found[0].inside.reshape(first.geometry.shape)
    values = np.where(inside, first.values - other, 0.0)
    about, blob = pack_values(values, first.geometry)
    about["min"] = round(float(values.min()), 4) + 0.0
    about["outside"] = round(1.0 - float(inside.mean()), 4) + 0.0
    return about, blob
