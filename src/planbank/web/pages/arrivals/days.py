"""Bars over time as numbers: a drawing that a template only has to write down.

Comes in: counts per day and the first and last day. Goes out: bars, grid lines and labels in the
units of the drawing, twice: wide, and narrow for a phone (look.md, sections 3 and 6).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from planbank.web.parts.words import thin

LEFT, RIGHT, TOP, FOOT = 52.0, 8.0, 10.0, 22.0
MOST_BARS = 62


@dataclass(frozen=True)
class Bar:
    """One bar: `x`, `y`, `width`, `height` in the drawing; first and last day and how many."""

    since: date
    until: date
    count: int
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0

    @property
    def title(self) -> str:
        first = date_format(self.since, "j M Y")
        if self.since == self.until:
            return first
        return _("%(first)s to %(last)s") % {"first": first, "last": date_format(self.until, "j M Y")}


@dataclass(frozen=True)
class Drawing:
    """One drawing of width x height."""

    width: float
    height: float
    bars: list[Bar]
    lines: list[tuple[float, str]]
    labels: list[tuple[float, str, str]]
    base: float
    left: float = LEFT

    @property
    def right(self) -> float:
        return self.width - RIGHT


@dataclass(frozen=True)
class Chart:
    """The wide and the narrow drawing of the same bars."""

    wide: Drawing
    narrow: Drawing
    total: int
    largest: Bar | None = None
    bars: list[Bar] = field(default_factory=list)


def chart(counts: dict[date, int], since: date, until: date, wide: float = 760) -> Chart:
    """Bars from `since` to `until`, both included: one a day, or a week where days would be too many."""
    bars = _bars(counts, since, until)
    total = sum(bar.count for bar in bars)
    largest = max(bars, key=lambda bar: bar.count, default=None)
    return Chart(_draw(bars, wide, 170), _draw(bars, 340, 170), total, largest if total else None, bars)


def _bars(counts: dict[date, int], since: date, until: date) -> list[Bar]:
    days = (until - since).days + 1
    step = 1 if days <= MOST_BARS else 7
    bars = []
    for start in range(0, days, step):
        first = since + timedelta(days=start)
        last = min(first + timedelta(days=step - 1), until)
        inside = ((first + timedelta(days=n)) for n in range((last - first).days + 1))
        bars.append(Bar(first, last, sum(counts.get(day, 0) for day in inside)))
    return bars


def _draw(bars: list[Bar], width: float, height: float) -> Drawing:
    base = height - FOOT
    ticks = scale(max((bar.count for bar in bars), default=0))
    top = ticks[-1] or 1
    room = (width - LEFT - RIGHT) / max(len(bars), 1)
    placed = []
    for n, bar in enumerate(bars):
        tall = (base - TOP) * bar.count / top
        # What is there must be seen, however little it is.
        tall = max(tall, 1.5) if bar.count else 0.0
        thick = max(min(room - 2, 24.0), room * 0.6)
        left = LEFT + room * n + (room - thick) / 2
        placed.append(
            Bar(bar.since, bar.until, bar.count, *(round(v, 1) for v in (left, base - tall, thick, tall)))
        )
    lines = [(round(base - (base - TOP) * tick / top, 1), thin(tick)) for tick in ticks]
    return Drawing(width, height, placed, lines, _labels(bars, width, room), base)


def _labels(bars: list[Bar], width: float, room: float) -> list[tuple[float, str, str]]:
    """(x, text, anchor): as many dates as fit, counted back from the last day."""
    if not bars:
        return []
    each = max(1, round(72.0 / room + 0.5))
    labels = []
    for n in range(len(bars) - 1, -1, -each):
        x = LEFT + room * (n + 0.5)
        anchor = "end" if n == len(bars) - 1 and room < 60 else "middle"
        x = width - RIGHT if anchor == "end" else x
        labels.append((round(x, 1), date_format(bars[n].since, "j M"), anchor))
    return labels[::-1]


def scale(largest: int) -> list[int]:
    """Round numbers from 0 to at least `largest`, four or five of them where there is room."""
    if largest <= 4:
        return list(range(max(largest, 1) + 1))
    size = 10 ** (len(str(largest)) - 1)
    for step in (size // 5, size // 4, size // 2, size, 2 * size, 5 * size):
        if step and step * 4 >= largest and (step * 4) % step == 0:
            break
    return [step * n for n in range(-(-largest // step) + 1)]
