"""The table of ROIs: numbers, notes and lines.

Comes in: ROIs and their stored DVHs. Goes out: rows for the page and for its CSV, digit for digit
the same; the table of volumes at doses that stands for the plot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

from django.utils.translation import gettext as _

from planbank.catalogue.curves import dvh_of, metrics_of, percents_at, plus_minus_of
from planbank.catalogue.models import Dvh, Roi
from planbank.dose import engine
from planbank.dose.metrics import MetricValue
from planbank.web.pages.plan.lines import Group, Line, group_of, in_order, lines_of
from planbank.web.parts.words import NONE, thin

SORTS = ("name", "type", "volume", "mean", "d95", "d2cc", "max")
ROWS_OF_TWIN = 12
PLACES = {
    "Volume": "volume",
    "Dmean": "mean",
    "Dmax": "max",
    "D95%": "d95",
    "D2cc": "d2cc",
    "D0.03cc": "hot",
}


@dataclass(frozen=True)
class RoiRow:
    """One ROI: as sent, and its DVH where there is one."""

    roi: Roi
    group: Group
    line: Line
    stored: Dvh | None = None
    waits: bool = False

    @cached_property
    def dvh(self) -> engine.Dvh | None:
        return dvh_of(self.stored) if self.stored else None

    @cached_property
    def metrics(self) -> dict[str, MetricValue]:
        return metrics_of(self.dvh) if self.dvh else {}

    @cached_property
    def plus_minus(self) -> dict[str, str]:
        """The +/- beside each number, in its digits, without spaces; '' where none can be told."""
        if self.dvh is None or self.reason:
            return {}
        return {PLACES[name]: _beside(found) for name, found in plus_minus_of(self.dvh).items()}

    @property
    def has_dose(self) -> bool:
        return self.dvh is not None and self.dvh.max_gy is not None

    @property
    def reason(self) -> str:
        """Why there are no numbers; '' where there are."""
        if self.roi.is_empty:
            return _("no contours")
        if self.stored is None:
            return "" if self.waits else _("not calculated")
        if not self.has_dose:
            return _("outside the dose grid") if "outside" in self.stored.flags else _("nothing to calculate")
        return ""

    @property
    def volume(self) -> str:
        return cc(self.dvh.volume_cc) if self.dvh and self.dvh.volume_cc > 0 else NONE

    @property
    def mean(self) -> str:
        return gy(self.dvh.mean_gy if self.dvh else None)

    @property
    def d95(self) -> str:
        return bounded(self.metrics.get("D95%"))

    @property
    def d2cc(self) -> str:
        return bounded(self.metrics.get("D2cc"))

    @property
    def max(self) -> str:
        return gy(self.dvh.max_gy if self.dvh else None)

    @property
    def outside_percent(self) -> float:
        """% of the volume outside the dose grid."""
        dvh = self.dvh
        return 100 * dvh.outside_cc / dvh.volume_cc if dvh and dvh.volume_cc > 0 else 0.0

    @property
    def notes(self) -> list[str]:
        """What a reader must know of the numbers, in a few words each."""
        flags = self.dvh.flags if self.dvh else ()
        notes = [words for code, words in note_words().items() if code in flags]
        if "partly-outside" in flags:
            share = self.outside_percent
            said = f"{share:.0f}" if share >= 1 else "<1"
            notes.insert(0, _("%(n)s %% outside") % {"n": said})
        return notes

    def sort_key(self, name: str) -> tuple[bool, float | str]:
        """By a column; rows without a value come last."""
        if name in ("name", "type"):
            text = getattr(self.roi, name).casefold()
            return not text, text
        dvh, named = self.dvh, {"d95": "D95%", "d2cc": "D2cc"}
        if name in named:
            found = self.metrics.get(named[name])
            value = found.value if found else None
        else:
            value = getattr(dvh, {"volume": "volume_cc", "mean": "mean_gy", "max": "max_gy"}[name], None)
        return value is None, value if value is not None else 0.0


@dataclass(frozen=True)
class RoiTable:
    """All rows in their order, and those that are shown."""

    every: list[RoiRow] = field(default_factory=list)
    shown: list[RoiRow] = field(default_factory=list)

    @property
    def structures(self) -> int:
        return sum(row.group in ("target", "organ", "external") for row in self.every)

    @property
    def drawn(self) -> list[RoiRow]:
        return [row for row in self.shown if row.has_dose]

    @property
    def to_gy(self) -> float:
        """Where the dose axis ends."""
        return max((row.dvh.max_gy or 0.0 for row in self.drawn if row.dvh), default=0.0) * 1.02


def table_of(rois: list[Roi], dvhs: dict[int, Dvh], *, every: bool, sort: str, waits: bool) -> RoiTable:
    """The rows of ROIs; `every` shows couches, markers and empty ones too."""
    ordered = in_order(rois)
    lines = lines_of(ordered)
    rows = [RoiRow(roi, group_of(roi), lines[roi.pk], dvhs.get(roi.pk), waits) for roi in ordered]
    table = RoiTable(rows, rows)
    if not every and table.structures:
        rows = [row for row in rows if row.group in ("target", "organ", "external")]
    name = sort.removeprefix("-")
    if name in SORTS:
        filled = [row for row in rows if not row.sort_key(name)[0]]
        filled.sort(key=lambda row: row.sort_key(name)[1], reverse=sort.startswith("-"))
        rows = filled + [row for row in rows if row.sort_key(name)[0]]
    return RoiTable(table.every, rows)


def twin_of(table: RoiTable) -> tuple[list[str], list[tuple[RoiRow, list[str]]]]:
    """The plot as numbers: doses as heads, and for each ROI the % of its volume at each."""
    to_gy = table.to_gy
    step = next((s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if to_gy / s < ROWS_OF_TWIN), 100)
    doses = [n * step for n in range(int(to_gy / step) + 1)]
    heads = [thin(dose, 1) if step < 1 else thin(int(dose)) for dose in doses]
    rows = [
        (row, [NONE if v is None else thin(v, 1) for v in percents_at(row.dvh, doses)])
        for row in table.drawn
        if row.dvh
    ]
    return heads, rows


def cc(volume: float) -> str:
    """A volume: 561.5, 6.42, 0.083."""
    return thin(volume, 1 if volume >= 10 else 2 if volume >= 1 else 3)


def gy(dose: float | None) -> str:
    """A dose with two decimals; a hyphen for none."""
    return NONE if dose is None else thin(dose, 2)


def bounded(found: MetricValue | None) -> str:
    """A dose to a volume; with a sign where it depends on tissue that has no dose."""
    if found is None:
        return NONE
    if found.reason != "outside":
        return gy(found.value)
    if found.value is None:
        return NONE if found.high is None else f"\N{LESS-THAN OR EQUAL TO} {gy(found.high)}"
    return f"\N{GREATER-THAN OR EQUAL TO} {gy(found.value)}"


def _beside(uncertainty: float | None) -> str:
    """An uncertainty with one digit that says something, two where that is a 1: 0.04, 0.13, 2."""
    if uncertainty is None or uncertainty <= 0.0:
        return ""
    decimals = max(0, min(3, 1 - math.floor(math.log10(uncertainty) + 0.7)))
    return f"\N{PLUS-MINUS SIGN}{thin(uncertainty, decimals)}"


def note_words() -> dict[str, str]:
    """Flags of planbank.dose.flags in a few words; those that need none are left out."""
    return {
        "spacing-assumed": _("slice spacing unknown"),
        "unreadable": _("some contours cannot be read"),
        "gap": _("planes are missing"),
        "lone-slice": _("single slices"),
        "every-nth-slice": _("drawn on some slices only"),
        "other-frame": _("another frame of reference"),
        "crossing": _("contours cross"),
        "repeated": _("a contour is drawn twice"),
        "not-planar": _("some contours are not flat"),
        "open-contours": _("open contours left out"),
        "points": _("points left out"),
        "degenerate-contours": _("lone lines left out"),
    }
