"""Left and right: which structure of a pair lies on the treated side.

Comes in: the ROIs of a structure set, and the treated side where it is known. Goes out: the ROI
that `ipsi(Lung)` or `contra(Lung)` means. Pairs are told by their names (AAPM TG-263 writes Lung_L
and Lung_R; others write Left, sin, venstre); without a side that is given, the one nearer to the
target counts, unless the target lies between them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import numpy as np

from planbank.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planbank.dicom.structure_set import Roi

Laterality = Literal["left", "right"]

LEFT = {"l", "lt", "left", "li", "links", "sin", "sinister", "venstre", "v"}
RIGHT = {"r", "rt", "right", "re", "rechts", "dx", "dex", "dexter", "hojre", "højre", "hoejre", "h"}
TARGETS = ("PTV", "CTV", "GTV")
MIDLINE = 0.15
"""Part of the distance between a pair's middles: a target that near to half way lies on no side."""


def pairs_of(rois: Sequence[Roi]) -> dict[str, tuple[Roi, Roi]]:
    """Base name in lower case -> (left, right), where both are drawn and neither is there twice."""
    found: dict[str, dict[str, list[Roi]]] = {}
    for roi in rois:
        base, side = side_of(roi.name)
        if side and len(roi.contours.points):
            found.setdefault(base, {}).setdefault(side, []).append(roi)
    return {
        base: (sides["left"][0], sides["right"][0])
        for base, sides in found.items()
        if len(sides.get("left", ())) == len(sides.get("right", ())) == 1
    }


def side_of(name: str) -> tuple[str, Laterality | None]:
    """A name without the word for its side, in lower case, and that side; None where it names none."""
    words = re.findall(r"[^\W\d_]+|\d+", re.sub(r"(?<=[a-zæøå])(?=[A-ZÆØÅ])", " ", name))
    for place in (len(words) - 1, 0):
        if len(words) > 1:
            word = words[place].casefold()
            side: Laterality | None = "left" if word in LEFT else "right" if word in RIGHT else None
            if side:
                rest = words[:place] + words[place + 1 :]
                return " ".join(rest).casefold(), side
    return " ".join(words).casefold(), None


def choose_side(rois: Sequence[Roi], side: str, base: str, treated: Laterality | None) -> Roi:
    """The ROI that `side` ('ipsi' or 'contra') of the pair `base` means.

    Raises ExpressionError where there is no such pair, or the treated side cannot be told.
    """
    pairs = pairs_of(rois)
    pair = pairs.get(side_of(base)[0]) or pairs.get(base.casefold())
    if pair is None:
        there = ", ".join(f"'{name}'" for name in sorted(pairs)) or "none"
        raise ExpressionError(f"There is no left and right of '{base}'. Pairs by name: {there}.")
    treated = treated or _nearer_to_target(rois, pair)
    same = pair[0] if treated == "left" else pair[1]
    return same if side == "ipsi" else pair[1] if same is pair[0] else pair[0]


def _nearer_to_target(rois: Sequence[Roi], pair: tuple[Roi, Roi]) -> Laterality:
    target = target_middle(rois)
    if target is None:
        raise ExpressionError("There is no target to tell the treated side by. Say which: left or right.")
    left, right = (_middle(roi) for roi in pair)
    across = right - left
    along = float((target - 0.5 * (left + right)) @ across / max(float(across @ across), 1e-9))
    if abs(along) < MIDLINE:
        raise ExpressionError("The target lies between left and right. Say which side is treated.")
    return "left" if along < 0 else "right"


def target_middle(rois: Sequence[Roi]) -> NDArray[np.float64] | None:
    """(3,) mm: the middle of the targets of the first kind there is: PTV, CTV, GTV, by type or name."""
    for kind in TARGETS:
        drawn = [roi for roi in rois if len(roi.contours.points)]
        chosen = [r for r in drawn if r.type.upper() == kind or r.name.upper().startswith(kind)]
        if chosen:
            return np.asarray(np.mean([_middle(roi) for roi in chosen], axis=0))
    return None


def _middle(roi: Roi) -> NDArray[np.float64]:
    points = roi.contours.points
    return np.asarray(0.5 * (points.min(axis=0) + points.max(axis=0)))
