"""The DVHs of one structure in the doses of all observers, as a small picture.

Comes in: stored DVHs. Goes out: points of polylines in a box of 300 x 150, one for each observer; colour and
dash by the observer's place, the same in every picture of a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from planbank.audits.models import PlannedDvh
from planbank.catalogue.curves import numbers_of, points_of

WIDE, HIGH = 300.0, 150.0
COLOURS, DASHES = 6, 4
POINTS = 120


@dataclass(frozen=True)
class Curve:
    """One observer's line; `look` names its colour and dash."""

    code: str
    look: str
    points: str


@dataclass(frozen=True)
class Chart:
    """One structure. `top`: Gy at the right edge."""

    name: str
    top: float
    curves: list[Curve]


def chart_of(name: str, rows: Sequence[PlannedDvh], places: Mapping[int, int], top: float) -> Chart:
    """The picture of one structure; all of a page share their dose axis."""
    edge = max(np.ceil(top / 10.0) * 10.0, 10.0)
    curves = []
    for row in rows:
        assert row.row.observer is not None
        place = places[row.row.observer.pk]
        look = f"k{place % COLOURS + 1} d{place // COLOURS % DASHES + 1}"
        curves.append(Curve(row.row.observer.code, look, _points(row, edge)))
    return Chart(name, float(edge), curves)


def _points(row: PlannedDvh, edge: float) -> str:
    found = points_of(numbers_of(row), edge, POINTS)
    if found is None:
        return ""
    pairs = zip(found.doses, found.percent, strict=True)
    return " ".join(f"{x / edge * WIDE:.1f},{(1.0 - y / 100.0) * HIGH:.1f}" for x, y in pairs)
