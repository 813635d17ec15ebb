"""The table of our DVHs beside those that the planning system stored (R82).

Comes in: the rows of the page and the stored comparisons. Goes out: for each ROI and quantity the
difference, and both values; what is beyond tolerance is marked, and the tolerances are said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from planbank.catalogue.curves import Points, tps_points
from planbank.catalogue.models import TpsDvh
from planbank.dose.comparison import QUANTITIES, TOLERANCES
from planbank.web.pages.plan.rows import RoiRow, cc, gy
from planbank.web.parts.words import NONE, thin


@dataclass(frozen=True)
class Cell:
    """One quantity: 'ours less theirs' with its sign, and both; `beyond` tolerance or not."""

    difference: str
    ours: str
    theirs: str
    beyond: bool


@dataclass(frozen=True)
class TpsRow:
    """One ROI of the table."""

    row: RoiRow
    stored: TpsDvh

    @cached_property
    def cells(self) -> list[Cell]:
        return [_cell(name, *self.stored.pairs.get(name, (None, None, False))) for name in QUANTITIES]

    @cached_property
    def points(self) -> Points:
        """The planning system's curve for the plot."""
        return tps_points(self.stored)


@dataclass(frozen=True)
class TpsTable:
    """All rows; `percent_of` is the dose that 100 % was taken as, '' where values are what they say."""

    rows: list[TpsRow]
    percent_of: str

    @property
    def beyond(self) -> int:
        """ROIs with a difference beyond tolerance."""
        return sum(row.stored.beyond for row in self.rows)

    @property
    def tolerances(self) -> str:
        """As a sentence."""
        numbers = {name: f"{tolerance.percent:g}" for name, tolerance in TOLERANCES.items()}
        return _(
            "Marked beyond: volume %(volume)s %%; mean %(mean)s %%, D95%% and D2%% %(d2)s %%,"
            " maximum %(max)s %% of the prescription."
        ) % (numbers)


def table_of(shown: Sequence[RoiRow], stored: Mapping[int, TpsDvh]) -> TpsTable | None:
    """The table, in the order of the rows that are shown; None where the planning system stored none."""
    rows = [TpsRow(row, stored[row.roi.pk]) for row in shown if row.roi.pk in stored]
    if not rows:
        return None
    percent_of = next((row.stored.percent_of_gy for row in rows if row.stored.percent_of_gy), None)
    return TpsTable(rows, thin(percent_of, 1) if percent_of else "")


def _cell(name: str, ours: float | None, theirs: float | None, beyond: bool) -> Cell:
    said = cc if name == "volume" else gy
    if ours is None or theirs is None:
        values = [NONE if value is None else said(value) for value in (ours, theirs)]
        return Cell(NONE, values[0], values[1], False)
    difference = ours - theirs
    digits = 2 if name != "volume" or abs(theirs) < 100 else 1
    sign = "+" if round(difference, digits) > 0 else "\N{MINUS SIGN}" if round(difference, digits) < 0 else ""
    return Cell(f"{sign}{thin(abs(difference), digits)}", said(ours), said(theirs), bool(beyond))
