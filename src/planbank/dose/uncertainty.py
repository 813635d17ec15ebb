"""The uncertainty of a metric, from what a DVH leaves open (`planbank.dose.doubt`).

Comes in: a `Dvh`. Goes out: DVHs as they would be one standard uncertainty away; a metric asked of
each tells how far it is uncertain. Sources are independent, so their squares add; what is
shown is twice the root (k = 2, about 95 %; JCGM 100, 6.2).
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
    total, value = 0.0, ask(dvh)
    if value is None:
        return None
    for other in variants(dvh):
        away = ask(other)
        if away is not None:
            total += (away - value) ** 2
    if extreme:
        near = dose_to(dvh, dvh.volume_cc * (NEAR_EXTREME if extreme == "max" else 1.0 - NEAR_EXTREME)).value
        scale = dvh.max_gy if extreme == "max" else dvh.min_gy
        if near is not None and scale:
            total += (OF_EXTREME * (near - scale) * value / scale) ** 2
    return float(COVERAGE * np.sqrt(total))


@lru_cache(maxsize=64)
def variants(dvh: Dvh) -> tuple[Dvh, ...]:
    """The DVH one standard uncertainty away, for each independent source."""
    doubt = dvh.parameters["doubt"]
    places = axis.doses(len(dvh.curve))
    made = [_ended(dvh, end, places) for end in doubt["ends"]]
    if doubt["shape"] > 0.0:
        made.append(_grown(dvh, doubt["shape"]))
    if doubt["dose_gy"] > 0.0:
        made.append(_warmed(dvh, -doubt["dose_gy"], places))
    return tuple(made)


def _ended(dvh: Dvh, end: list[float], places: NDArray[np.float64]) -> Dvh:
    """With less tissue at an end: `end` is its cc and quantiles of its dose, hottest first."""
    cc, *doses = end
    share = np.linspace(0.0, 1.0, len(doses))
    reached = cc * np.interp(places, doses[::-1], share[::-1], left=1.0, right=0.0)
    curve = np.maximum(np.minimum.accumulate(dvh.curve - reached), 0.0)
    covered = float(dvh.curve[0])
    mean = dvh.mean_gy
    if mean is not None and covered > cc:
        mean = (mean * covered - cc * float(np.trapezoid(doses, share))) / (covered - cc)
    return replace(dvh, curve=curve, volume_cc=max(dvh.volume_cc - cc, 1e-9), mean_gy=mean)


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
