"""How well observers agree about one structure, without a reference.

Comes in: bodies of one structure by several observers. Goes out: an `Agreement`: every pair's Dice
coefficient and the generalised conformity index, exact, from the volumes that each set of observers holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planbank.contours.cells import cells_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planbank.dose.derived.bodies import Body


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """Between n observers.

    Attributes:
        volumes: (n,) cm3.
        dsc: (n, n) Dice of each pair; nan where both are empty.
        conformity: volume common to pairs over volume of pairs together, summed over all pairs (Kouwenhoven
            et al, Phys Med Biol 54 (2009) 2863); None with fewer than two observers or nothing drawn.
        common, encompassing: cm3 held by all, and by any.
    """

    volumes: NDArray[np.float64]
    dsc: NDArray[np.float64]
    conformity: float | None
    common: float
    encompassing: float


def agreement(bodies: Sequence[Body]) -> Agreement:
    """Agreement of all observers.

    Raises ExpressionError where structures are drawn in planes that are not parallel.
    """
    cells = cells_of(bodies)
    held = cells.members().astype(float)
    volumes = cells.volumes / 1000.0
    shared = held.T @ (held * volumes[:, None])
    own = np.diag(shared).copy()
    together = own[:, None] + own[None, :]
    dsc = np.divide(2.0 * shared, together, out=np.full(shared.shape, np.nan), where=together > 0)
    pairs = np.triu_indices(len(bodies), 1)
    union = float((together - shared)[pairs].sum())
    return Agreement(
        volumes=own,
        dsc=dsc,
        conformity=float(shared[pairs].sum()) / union if union > 0 else None,
        common=float(volumes[held.all(axis=1)].sum()) if len(bodies) else 0.0,
        encompassing=float(volumes.sum()),
    )
