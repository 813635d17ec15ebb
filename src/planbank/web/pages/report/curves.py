"""The DVHs of a report as SVG, made by the server (look.md, Charts).

Comes in: the rows of the table of ROIs. Goes out: paths in a plot of WIDTH x HEIGHT, and its axes. Few enough
points to print; the numbers stand in the table.
"""

from __future__ import annotations

from dataclasses import dataclass

from planbank.catalogue.curves import points_of
from planbank.web.pages.plan.lines import Line
from planbank.web.pages.plan.rows import RoiRow

WIDTH, HEIGHT = 640.0, 300.0
LEFT, BOTTOM = 38.0, 34.0
MOST_POINTS = 150
STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000)


@dataclass(frozen=True)
class Curve:
    """One line of the plot."""

    name: str
    line: Line
    path: str


@dataclass(frozen=True)
class Tick:
    """A number at an axis and where it stands in the drawing."""

    text: str
    at: float


@dataclass(frozen=True)
class Plot:
    """The whole drawing."""

    curves: list[Curve]
    doses: list[Tick]
    percents: list[Tick]
    width: float = WIDTH + LEFT + 12
    height: float = HEIGHT + BOTTOM + 8
    left: float = LEFT
    right: float = LEFT + WIDTH
    bottom: float = HEIGHT + 8


def plot_of(rows: list[RoiRow], to_gy: float) -> Plot | None:
    """None where no ROI has a curve."""
    curves = []
    for row in rows:
        points = points_of(row.dvh, to_gy, MOST_POINTS) if row.dvh else None
        if points is not None and row.has_dose:
            places = [
                f"{LEFT + WIDTH * gy / to_gy:.1f} {8 + HEIGHT * (1 - pc / 100):.1f}"
                for gy, pc in zip(points.doses, points.percent, strict=True)
            ]
            curves.append(Curve(row.roi.name, row.line, "M" + "L".join(places)))
    if not curves:
        return None
    step = next((one for one in STEPS if to_gy / one <= 10), STEPS[-1])
    doses = [Tick(str(n * step), LEFT + WIDTH * n * step / to_gy) for n in range(int(to_gy / step) + 1)]
    percents = [Tick(str(pc), 8 + HEIGHT * (1 - pc / 100)) for pc in (0, 20, 40, 60, 80, 100)]
    return Plot(curves, doses, percents)
