"""Our DVHs beside those that the planning system stored in its RT dose (R82).

Comes in: stored DVHs as written, and ours. Goes out: for each ROI that both have, the differences of
volume, mean, near-maximum, maximum and D95%, and whether they are beyond TOLERANCES. Stored values
are read in the unit they name, unless all of them say together that it is another one. Nothing of
ours is changed by it. Source: DICOM PS3.3, C.8.8.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Literal

import numpy as np

from planbank.dose.metrics import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from planbank.dicom.stored_dvh import StoredDvh
    from planbank.dose.engine import Dvh

Quantity = Literal["volume", "mean", "d95", "d2", "max"]
QUANTITIES: tuple[Quantity, ...] = ("volume", "mean", "d95", "d2", "max")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What is still agreement: `percent` of the reference, but at least `least` (cc or Gy).

    The reference of a volume is the volume itself, of a dose the prescription (else the highest dose).
    """

    percent: float
    least: float

    def allows(self, difference: float, reference: float) -> bool:
        """Whether a difference counts as agreement."""
        return abs(difference) <= max(self.least, self.percent / 100.0 * abs(reference))


TOLERANCES: dict[Quantity, Tolerance] = {
    "volume": Tolerance(5.0, 0.3),
    "mean": Tolerance(1.0, 0.2),
    "d95": Tolerance(2.0, 0.5),
    "d2": Tolerance(2.0, 0.5),
    "max": Tolerance(3.0, 1.0),
}
"""Fixed beforehand. Planning systems differ among themselves by a median of 1 % in dose and by up to
10 % in volume; beyond these, somebody should look which of the two is right."""

LEAST_PAIRS = 3
SPREAD = 0.1
NEAR_ONE = (0.8, 1.25)
AS_FRACTION = 5.0
"""A relative dose whose highest value is below this is a fraction, not per cent."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One quantity of one ROI, ours and theirs, in cc or Gy; None where one cannot be had."""

    ours: float | None
    theirs: float | None
    beyond: bool

    @property
    def difference(self) -> float | None:
        """Ours less theirs."""
        return None if self.ours is None or self.theirs is None else self.ours - self.theirs


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One ROI.

    Attributes:
        number: ROI Number.
        pairs: quantity -> Pair.
        doses: (n,) Gy, edges of the stored curve's bins.
        percent: (n,) % of the volume that the planning system says gets at least those.
    """

    number: int
    pairs: dict[Quantity, Pair]
    doses: NDArray[np.float64]
    percent: NDArray[np.float64]

    @property
    def beyond(self) -> tuple[Quantity, ...]:
        """The quantities that differ beyond tolerance."""
        return tuple(name for name, pair in self.pairs.items() if pair.beyond)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """All ROIs that both have, by number.

    Attributes:
        rois: compared ones.
        percent_of_gy: Gy that 100 % was taken as, where values labelled Gy are per cent in truth.
        left_out: ROI numbers whose stored DVH cannot be compared, with the reason in words.
    """

    rois: tuple[Compared, ...]
    percent_of_gy: float | None
    left_out: dict[int, str]


def compare(
    stored: Sequence[StoredDvh], ours: Iterable[Dvh], prescription_gy: float | None = None
) -> Comparison:
    """Compare the DVHs of one dose.

    Args:
        stored: the DVHs of the RT dose that ours were calculated in.
        ours: of all ROIs.
        prescription_gy: what the tolerance of doses refers to; None takes our highest dose.
    """
    mine = {one.number: one for one in ours}
    alone = {kept.roi_numbers[0]: kept for kept in stored if len(kept.roi_numbers) == 1}
    means = {n: one.mean_gy for n, one in mine.items() if one.mean_gy is not None}
    labelled = {
        n: m for n, kept in alone.items() if kept.dose_units == "GY" and (m := _mean(kept)) is not None
    }
    reference = percent_of(labelled, means)
    scale_of = prescription_gy or max((one.max_gy or 0.0 for one in mine.values()), default=0.0)
    compared, left_out = [], {}
    for number in sorted(alone.keys() & mine.keys()):
        kept, own = alone[number], mine[number]
        why = _unusable(kept, own)
        if why:
            left_out[number] = why
            continue
        compared.append(_pair_up(kept, own, _gy_per_unit(kept, reference), scale_of))
    return Comparison(tuple(compared), reference, left_out)


def percent_of(stored: Mapping[int, float], ours: Mapping[int, float]) -> float | None:
    """Gy that 100 % stands for when mean doses labelled Gy are percentages; else None.

    They are when the ratios of at least three ROIs agree with each other within 10 %, and not with 1.
    """
    ratios = [ours[n] / stored[n] for n in stored.keys() & ours.keys() if stored[n] > 0.5 and ours[n] > 0]
    if len(ratios) < LEAST_PAIRS:
        return None
    middle = median(ratios)
    agreeing = [r for r in ratios if abs(r / middle - 1) <= SPREAD]
    if NEAR_ONE[0] <= middle <= NEAR_ONE[1] or len(agreeing) < max(LEAST_PAIRS, 0.7 * len(ratios)):
        return None
    return round(100 * median(agreeing), 1)


def _unusable(kept: StoredDvh, own: Dvh) -> str:
    """Why a stored DVH cannot be compared; '' where it can."""
    if own.mean_gy is None:
        return "There is no dose of ours to compare it with."
    if kept.volume_units == "PER_U":
        return "Its volumes are per transformed dose."
    if kept.dose_units == "RELATIVE" and not kept.normalisation:
        return "Its doses are relative, and it does not say to what."
    if not kept.volumes[0] > 0:
        return "It holds no volume."
    effective = "gy-rbe" in own.flags
    if kept.dose_type and (kept.dose_type == "EFFECTIVE") != effective:
        return "It is of another dose type."
    return ""


def _gy_per_unit(kept: StoredDvh, percent_of_gy: float | None) -> float:
    if kept.dose_units == "RELATIVE":
        highest = kept.maximum or float(kept.doses[-1])
        return (kept.normalisation or 0.0) / (1.0 if highest < AS_FRACTION else 100.0)
    return (percent_of_gy or 100.0) / 100.0


def _pair_up(kept: StoredDvh, own: Dvh, gy: float, scale_of: float) -> Compared:
    """Where part of the ROI lies outside the grid, systems differ in what they count: mean and doses to
    volumes are not compared, and the volume may be that of either the whole or the covered part.
    """
    volume = float(kept.volumes[0]) if kept.volume_units == "CM3" else None
    mean = _mean(kept)
    theirs: dict[Quantity, float | None] = {
        "volume": volume,
        "mean": None if mean is None else mean * gy,
        "d95": _dose_to(kept, 0.95) * gy,
        "d2": _dose_to(kept, 0.02) * gy,
        "max": (kept.maximum if kept.maximum is not None else _dose_to(kept, 0.0)) * gy,
    }
    whole = not own.outside_cc
    mine: dict[Quantity, float | None] = {
        "volume": own.volume_cc,
        "mean": own.mean_gy if whole else None,
        "d95": evaluate("D95%", own).value if whole else None,
        "d2": evaluate("D2%", own).value if whole else None,
        "max": own.max_gy,
    }
    pairs = {name: _judged(name, mine[name], theirs[name], scale_of) for name in QUANTITIES}
    if not whole and not _judged("volume", own.volume_cc - own.outside_cc, volume, scale_of).beyond:
        pairs["volume"] = Pair(own.volume_cc, volume, False)
    return Compared(own.number, pairs, kept.doses * gy, 100.0 * kept.volumes / kept.volumes[0])


def _judged(name: Quantity, ours: float | None, theirs: float | None, scale_of: float) -> Pair:
    if ours is None or theirs is None:
        return Pair(ours, theirs, False)
    reference = theirs if name == "volume" else scale_of
    return Pair(ours, theirs, not TOLERANCES[name].allows(ours - theirs, reference))


def _mean(kept: StoredDvh) -> float | None:
    """As written, else from the curve, whose volume spreads evenly over each bin."""
    if kept.mean is not None:
        return kept.mean
    if not kept.volumes[0] > 0:
        return None
    return float(np.trapezoid(kept.volumes, kept.doses) / kept.volumes[0])


def _dose_to(kept: StoredDvh, part: float) -> float:
    """The least dose within the hottest `part` of the volume, by straight lines between edges."""
    wanted = part * kept.volumes[0]
    above = np.flatnonzero(kept.volumes >= wanted - 1e-12 if part > 0 else kept.volumes > 1e-9)
    last = int(above[-1])
    if last >= len(kept.doses) - 1:
        return float(kept.doses[-1])
    here, there = float(kept.volumes[last]), float(kept.volumes[last + 1])
    step = (here - wanted) / (here - there) if here > there else 0.0
    return float(kept.doses[last] + step * (kept.doses[last + 1] - kept.doses[last]))
