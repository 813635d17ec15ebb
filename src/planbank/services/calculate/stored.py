"""Our DVHs beside those the planning system stored in its RT dose (R82), first step.

Comes in: stored mean doses as labelled, and ours, by ROI. Goes out: the dose that 100 % seems to
stand for, where values labelled Gy are percent in truth. Nothing is rescaled by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

LEAST_PAIRS = 3
SPREAD = 0.1
NEAR_ONE = (0.8, 1.25)


def percent_of(stored: Mapping[int, float], ours: Mapping[int, float]) -> float | None:
    """Gy that 100 % stands for when `stored` is labelled Gy but is a percentage; else None.

    It is when the ratios of at least three ROIs agree with each other within 10 %, and not with 1.
    """
    ratios = [ours[n] / stored[n] for n in stored.keys() & ours.keys() if stored[n] > 0.5 and ours[n] > 0]
    if len(ratios) < LEAST_PAIRS:
        return None
    middle = median(ratios)
    agreeing = [r for r in ratios if abs(r / middle - 1) <= SPREAD]
    if NEAR_ONE[0] <= middle <= NEAR_ONE[1] or len(agreeing) < max(LEAST_PAIRS, 0.7 * len(ratios)):
        return None
    return round(100 * median(agreeing), 1)
