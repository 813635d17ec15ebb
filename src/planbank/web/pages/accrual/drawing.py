"""The growth of the bank as a drawing: a line over bars that share its axis (look.md, section 6).

Comes in: an `Accrual`. Goes out: points, bars and labels in the units of the drawing, twice: wide, and narrow
for a phone. Templates only write them down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from planbank.statistics.accrual.bins import Bin
from planbank.statistics.accrual.read import Accrual
from planbank.web.pages.arrivals.days import scale
from planbank.web.parts.words import thin

LEFT, RIGHT = 52.0, 10.0
TOP, BASE = 18.0, 232.0
BARS, FOOT, HEIGHT = 266.0, 344.0, 364.0
YEAR = 364
"""Days from the first to the last of a year: a bin of so many is called by its year."""


@dataclass(frozen=True)
class Part:
    """One bar: its place, its height at home and, on top, abroad; `is_running`: not over yet."""

    title: str
    x: float
    width: float
    y: float
    height: float
    abroad_y: float
    abroad_height: float
    is_running: bool


@dataclass(frozen=True)
class Drawing:
    """One drawing of `width` x `height`."""

    width: float
    height: float
    right: float
    line: str
    area: str
    end: tuple[float, float]
    fit: tuple[float, float, float, float] | None
    bars: list[Part]
    grid: list[tuple[float, str]]
    bar_grid: list[tuple[float, str]]
    labels: list[tuple[float, str]]
    left: float = LEFT
    base: float = BASE
    foot: float = FOOT
    bars_top: float = BARS


@dataclass(frozen=True)
class Chart:
    """The wide and the narrow drawing of the same numbers, and the bins with their words."""

    wide: Drawing
    narrow: Drawing
    rows: list[tuple[str, Bin]]


def chart(accrual: Accrual, today: date) -> Chart | None:
    """None where there is nothing to draw."""
    if not accrual.bins:
        return None
    rows = [(called(one), one) for one in accrual.bins]
    return Chart(_draw(accrual, today, 760.0), _draw(accrual, today, 340.0), rows)


def called(one: Bin) -> str:
    """A bin in words: 2019, 2019 to 2021, Mar 2026."""
    if one.since.month == 1 and (one.until - one.since).days >= YEAR and one.until.month == 12:
        first, last = str(one.since.year), str(one.until.year)
    else:
        first, last = date_format(one.since, "M Y"), date_format(one.until, "M Y")
    return first if first == last else _("%(first)s to %(last)s") % {"first": first, "last": last}


def _draw(accrual: Accrual, today: date, width: float) -> Drawing:
    bins = accrual.bins
    since, until = bins[0].since, bins[-1].until + timedelta(days=1)
    right = width - RIGHT

    def across(day: date) -> float:
        share = (day - since).days / (until - since).days
        return round(LEFT + (right - LEFT) * share, 1)

    ticks, bar_ticks = scale(accrual.total), scale(max(one.count for one in bins))[:: 2 if width < 500 else 1]
    top, most = ticks[-1] or 1, max(bar_ticks[-1], max(one.count for one in bins), 1)

    def up(count: float) -> float:
        return round(BASE - (BASE - TOP) * min(max(count, 0.0), top) / top, 1)

    def bar(count: int) -> float:
        return round((FOOT - BARS) * count / most, 1)

    ends = [min(one.until + timedelta(days=1), max(today, one.since)) for one in bins]
    points = [(LEFT, up(0)), *((across(day), up(one.upto)) for day, one in zip(ends, bins, strict=True))]
    line = " ".join(f"{x},{y}" for x, y in points)
    fit = accrual.fit
    drawn = None
    if fit is not None:
        drawn = (across(fit.start), up(fit.at(fit.start)), points[-1][0], up(fit.at(ends[-1])))
    return Drawing(
        width=width,
        height=HEIGHT,
        right=right,
        line=line,
        area=f"{line} {points[-1][0]},{up(0)} {LEFT},{up(0)}",
        end=points[-1],
        fit=drawn,
        bars=[_bar(one, across, bar, today) for one in bins],
        grid=[(up(tick), thin(tick)) for tick in ticks],
        bar_grid=[(round(FOOT - bar(tick), 1), thin(tick)) for tick in bar_ticks],
        labels=_labels(bins, across, width),
    )


def _bar(one: Bin, across: object, bar: object, today: date) -> Part:
    assert callable(across)
    assert callable(bar)
    x, end = across(one.since), across(one.until + timedelta(days=1))
    gap = min(4.0, (end - x) * 0.18)
    home, abroad = bar(one.home), bar(one.abroad)
    said = f"{called(one)}: {thin(one.count)}"
    if one.abroad:
        said += " " + _("(%(n)s abroad)") % {"n": thin(one.abroad)}
    return Part(
        title=said,
        x=round(x + gap, 1),
        width=round(max(end - x - 2 * gap, 0.5), 1),
        y=round(FOOT - home, 1),
        height=home,
        abroad_y=round(FOOT - home - abroad, 1),
        abroad_height=abroad,
        is_running=one.until >= today,
    )


def _labels(bins: tuple[Bin, ...], across: object, width: float) -> list[tuple[float, str]]:
    """As many names of bins as fit, counted back from the last."""
    assert callable(across)
    room = (width - LEFT - RIGHT) / len(bins)
    each = max(1, round(60.0 / room + 0.49))
    found = []
    for one in list(bins)[::-1][::each]:
        middle = (across(one.since) + across(one.until + timedelta(days=1))) / 2
        is_years = (one.until - one.since).days >= YEAR
        text = str(one.until.year) if is_years else date_format(one.since, "M y")
        found.append((round(min(max(middle, LEFT + 14), width - RIGHT - 14), 1), text))
    return found[::-1]
