"""The dose axis of every stored curve: 0.01 Gy up to 100 Gy, 0.01 % of the dose above.

Comes in: doses in Gy or places on the axis. Goes out: the other. A curve is an array of
volumes, one per whole place from 0; its doses follow from the index alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BIN = 0.01
"""Gy, the width of a bin up to 100 Gy."""

LINEAR_TO = 100.0
PLACES = 10_000
"""The place of 100 Gy; above it the axis is logarithmic with the same slope, for brachytherapy."""

HIGHEST = 1e5
"""Gy beyond which a dose is no dose."""


@numba.njit(cache=True, nogil=True)
def place_of(dose: float) -> float:
    """Where a dose (Gy, not negative) lies on the axis."""
    if dose <= LINEAR_TO:
        return dose / BIN
    return float(PLACES * (1.0 + np.log(dose / LINEAR_TO)))


def doses(count: int) -> NDArray[np.float64]:
    """The doses (Gy) of places 0 to count - 1."""
    places = np.arange(count, dtype=np.float64)
    linear = np.minimum(places, PLACES) * BIN
    return linear * np.exp(np.maximum(places - PLACES, 0.0) / PLACES)


def length_for(dose: float) -> int:
    """How many places a curve needs to reach a dose."""
    return int(place_of(min(max(dose, 0.0), HIGHEST))) + 3
