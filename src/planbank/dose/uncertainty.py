"""The uncertainty of a metric, from what a DVH leaves open (`planbank.dose.doubt`).

Comes in: a `Dvh`. Goes out: pairs of DVHs as they would be one standard uncertainty to either side;
a metric asked of both tells how far it is uncertain. Sources are independent, so their squares
add; what is shown is twice the root (k = 2, about 95 %; JCGM 100, 6.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from planbank.dose import axis
from planbank.dose.curve import dose_to

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planbank.dose.engine import Dvh

COVERAGE = 2.0
"""Standard uncertainties within what is shown as +/-."""

NEAR_EXTREME = 0.001
"""Part of the volume whose least (or highest) dose says how sharp the maximum (or minimum) is."""

OF_EXTREME = 0.75


def plus_minus(dvh: Dvh, ask: Callable[[Dvh], float | None], *, extreme: str = "") -> float | None:
    """Twice the standard uncertainty of what `ask` says of a DVH, in its unit; None where it cannot be told.

    `extreme` is 'max' or 'min' for the dose of a point, which the curve does not tell.
    """
    if "doubt" not in dvh.parameters or dvh.max_gy is None:
        return None
    total = 0.0
    for less, more in variants(dvh):
        low, high = ask(less), ask(more)
        if low is not None and high is not None:
            total += (0.5 * (high - low)) ** 2
    if extreme:
        near = dose_to(dvh, dvh.volume_cc * (NEAR_EXTREME if extreme == "max" else 1.0 - NEAR_EXTREME)).value
        own, scale = ask(dvh), dvh.max_gy if extreme == "max" else dvh.min_gy
        if near is not None and own is not None and scale:
            total += (OF_EXTREME * (near - scale) * own / scale) ** 2
    return float(COVERAGE * np.sqrt(total))


@lru_cache(maxsize=64)
def variants(dvh: Dvh) -> tuple[tuple[Dvh, Dvh], ...]:
    """Pairs of DVHs, one standard uncertainty less and more, for each independent source."""
    doubt = dvh.parameters["doubt"]
    places = axis.doses(len(dvh.curve))
    pairs = [_ended(dvh, end, places) for end in doubt["ends"]]
    if doubt["shape"] > 0.0:
        pairs.append((_grown(dvh, -doubt["shape"]), _grown(dvh, doubt["shape"])))
    if doubt["dose_gy"] > 0.0:
        pairs.append((_warmed(dvh, -doubt["dose_gy"], places), _warmed(dvh, doubt["dose_gy"], places)))
    return tuple(pairs)


def _ended(dvh: Dvh, end: list[float], places: NDArray[np.float64]) -> tuple[Dvh, Dvh]:
    """With less and with more tissue at an end: `end` is its cc and quantiles of its dose, hottest first."""
    cc, *doses = end
    share = np.linspace(0.0, 1.0, len(doses))
    reached = cc * np.interp(places, doses[::-1], share[::-1], left=1.0, right=0.0)
    made = []
    for sign in (-1.0, 1.0):
        curve = np.maximum(np.minimum.accumulate(dvh.curve + sign * reached), 0.0)
        covered = float(dvh.curve[0])
        mean = dvh.mean_gy
        if mean is not None and covered + sign * cc > 0.0:
            mean = (mean * covered + sign * cc * float(np.trapezoid(doses, share))) / (covered + sign * cc)
        volume = max(dvh.volume_cc + sign * cc, 1e-9)
        made.append(replace(dvh, curve=curve, volume_cc=volume, mean_gy=mean))
    return made[0], made[1]


def _grown(dvh: Dvh, part: float) -> Dvh:
    factor = 1.0 + part
    return replace(
        dvh,
        curve=dvh.curve * factor,
        volume_cc=dvh.volume_cc * factor,
        outside_cc=dvh.outside_cc * factor,
    )


def _warmed(dvh: Dvh, by: float, places: NDArray[np.float64]) -> Dvh:
    curve = np.interp(places - by, places, dvh.curve)

    def moved(dose: float | None) -> float | None:
        return None if dose is None else max(dose + by, 0.0)

    return replace(
        dvh, curve=curve, min_gy=moved(dvh.min_gy), mean_gy=moved(dvh.mean_gy), max_gy=moved(dvh.max_gy)
    )
