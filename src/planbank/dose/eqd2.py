"""A DVH in equivalent doses of 2 Gy fractions.

Comes in: a `Dvh`, alpha/beta and a number of equal fractions. Goes out: the `Dvh` it would be with
every dose D replaced by EQD2 = D (D/n + a/b) / (2 Gy + a/b), after the linear-quadratic model (Withers
and others 1983; ICRU 89, section 7). The order of doses does not change, so each volume keeps its place.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from planbank.dose import axis
from planbank.dose.curve import differential

if TYPE_CHECKING:
    from planbank.dose.engine import Dvh


def eqd2(dose: Any, alpha_beta: float, fractions: int) -> Any:
    """EQD2 (Gy) of a dose or an array of doses (Gy) given in equal fractions; alpha_beta in Gy."""
    return dose * (dose / fractions + alpha_beta) / (2.0 + alpha_beta)


def physical(equivalent: Any, alpha_beta: float, fractions: int) -> Any:
    """The dose (Gy) whose EQD2 is given: the other way round."""
    half = 0.5 * alpha_beta * fractions
    return np.sqrt(half * half + equivalent * fractions * (2.0 + alpha_beta)) - half


@lru_cache(maxsize=64)
def as_eqd2(dvh: Dvh, alpha_beta: float, fractions: int) -> Dvh:
    """A DVH with its doses as EQD2 (Gy); volumes are unchanged.

    Raises ValueError where alpha/beta or the number of fractions is not above 0.
    """
    if not (alpha_beta > 0.0 and fractions > 0):
        raise ValueError("alpha/beta and the number of fractions must be above 0")

    def changed(dose: float | None) -> float | None:
        return None if dose is None else float(eqd2(dose, alpha_beta, fractions))

    if dvh.max_gy is None:
        return dvh
    places = axis.doses(axis.length_for(float(eqd2(dvh.max_gy, alpha_beta, fractions))))
    before = physical(places, alpha_beta, fractions)
    curve = np.interp(before, axis.doses(len(dvh.curve)), dvh.curve, right=0.0)
    doses, volumes = differential(dvh)
    mean = float((eqd2(doses, alpha_beta, fractions) * volumes).sum() / max(float(volumes.sum()), 1e-12))
    return replace(
        dvh,
        min_gy=changed(dvh.min_gy),
        mean_gy=mean,
        max_gy=changed(dvh.max_gy),
        curve=curve,
        edge_gy=float(eqd2(dvh.edge_gy, alpha_beta, fractions)),
        parameters=_doubts(dvh, alpha_beta, fractions) | {"eqd2": [alpha_beta, fractions]},
    )


def _doubts(dvh: Dvh, alpha_beta: float, fractions: int) -> dict[str, Any]:
    """What is in doubt, in EQD2 too."""
    if "doubt" not in dvh.parameters or dvh.mean_gy is None:
        return dvh.parameters
    doubt = dvh.parameters["doubt"]
    ends = [
        [cc, *(float(eqd2(dose, alpha_beta, fractions)) for dose in doses)] for cc, *doses in doubt["ends"]
    ]
    slope = (2.0 * dvh.mean_gy / fractions + alpha_beta) / (2.0 + alpha_beta)
    changed = {**doubt, "ends": ends, "dose_gy": doubt["dose_gy"] * slope}
    return {**dvh.parameters, "doubt": changed}
