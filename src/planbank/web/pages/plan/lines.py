"""How each ROI is drawn: what it is, and which colour and dash its line has (look.md, DVH lines).

Comes in: ROIs of a structure set. Goes out: groups and lines; no two lines look alike as far as
colours and dashes reach, and none is told by its colour alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from planbank.catalogue.models import Roi

Group = Literal["target", "organ", "external", "other", "empty"]
GROUPS: tuple[Group, ...] = ("target", "organ", "external", "other", "empty")
TARGET_TYPES = {"GTV", "CTV", "PTV"}
_TARGET_NAME = re.compile(r"[^A-Za-z0-9]*(?P<type>GTV|CTV|ITV|PTV)", re.IGNORECASE)
# RT ROI Interpreted Type (PS3.3 C.8.8.8.1): what is neither target nor tissue of interest.
OTHER_TYPES = {
    *("SUPPORT", "FIXATION", "MARKER", "REGISTRATION", "ISOCENTER", "CONTRAST_AGENT", "CONTROL"),
    *("BOLUS", "DOSE_REGION", "DOSE_MEASUREMENT", "DEVICE", "BRACHY_CHANNEL", "BRACHY_ACCESSORY"),
    *("BRACHY_SRC_APP", "BRACHY_CHNL_SHLD", "TREATED_VOLUME", "IRRAD_VOLUME"),
}
SOLID, PTV_DASH = "", "10 4"
ORGAN_DASHES = ("5 3", "2 3", "9 3 2 3", "1 3")
TARGET_COLOURS = ("c2", "c4", "c5", "c1", "c3", "c6")
ORGAN_COLOURS = ("c1", "c3", "c6", "c5", "c4", "c2")


@dataclass(frozen=True)
class Line:
    """Colour (a token of the sheet), dash in px ('' is solid) and width in px."""

    colour: str
    dash: str
    width: float

    @property
    def cap(self) -> str:
        """Dots have round ends."""
        return "round" if self.dash == ORGAN_DASHES[-1] else "butt"


def group_of(roi: Roi) -> Group:
    """What an ROI is; the type is only a hint (R69), so a target's name counts too."""
    kind = roi.type.upper()
    if roi.is_empty:
        return "empty"
    if kind in TARGET_TYPES or (kind in ("", "ORGAN", "NONE", "AVOIDANCE") and _named_target(roi)):
        return "target"
    if kind == "EXTERNAL":
        return "external"
    return "other" if kind in OTHER_TYPES else "organ"


def in_order(rois: Iterable[Roi]) -> list[Roi]:
    """Targets, organs, the outline, then the rest; within each as numbered."""
    return sorted(rois, key=lambda roi: (GROUPS.index(group_of(roi)), roi.number))


def lines_of(rois: Iterable[Roi]) -> dict[int, Line]:
    """ROI row -> its line, for ROIs in the order in which they are listed."""
    found: dict[int, Line] = {}
    targets = organs = 0
    for roi in rois:
        if group_of(roi) == "target":
            planning = (roi.type.upper() if roi.type.upper() in TARGET_TYPES else _named_target(roi)) == "PTV"
            colour = TARGET_COLOURS[targets % len(TARGET_COLOURS)]
            found[roi.pk] = Line(colour, PTV_DASH if planning else SOLID, 2.4)
            targets += 1
        else:
            found[roi.pk] = _organ(organs)
            organs += 1
    return found


def _organ(n: int) -> Line:
    """The n-th of the others: 4 colours x 4 dashes, then the 2 further colours, then from the start."""
    n %= 24
    if n < 16:
        return Line(ORGAN_COLOURS[n % 4], ORGAN_DASHES[(n + n // 4) % 4], 1.8)
    return Line(ORGAN_COLOURS[4 + n % 2], ORGAN_DASHES[(n - 16) // 2], 1.8)


def _named_target(roi: Roi) -> str:
    match = _TARGET_NAME.match(roi.name)
    return match["type"].upper() if match else ""
