"""Bars over time: every object once, inside the drawing, to scale."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from planbank.web.pages.arrivals.days import MOST_BARS, chart, scale

FIRST = date(2026, 11, 1)
spans = st.integers(0, 400)


@given(st.dictionaries(st.integers(-5, 405), st.integers(0, 10**7)), spans)
def test_bars_count_every_day_once(counts: dict[int, int], days: int) -> None:
    until = FIRST + timedelta(days=days)
    by_day = {FIRST + timedelta(days=n): count for n, count in counts.items()}
    drawn = chart(by_day, FIRST, until)
    assert drawn.total == sum(n for day, n in by_day.items() if FIRST <= day <= until)
    assert drawn.bars[0].since == FIRST
    assert drawn.bars[-1].until == until
    for one, two in zip(drawn.bars, drawn.bars[1:], strict=False):
        assert two.since == one.until + timedelta(days=1)
    assert len(drawn.bars) <= MOST_BARS


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=62))
def test_bars_stand_inside_the_drawing_and_to_scale(numbers: list[int]) -> None:
    counts = {FIRST + timedelta(days=n): count for n, count in enumerate(numbers)}
    drawn = chart(counts, FIRST, FIRST + timedelta(days=len(numbers) - 1))
    for drawing in (drawn.wide, drawn.narrow):
        top = min(y for y, _label in drawing.lines)
        for bar in drawing.bars:
            assert drawing.left <= bar.x and bar.x + bar.width <= drawing.right + 0.2
            assert top - 0.2 <= bar.y and abs(bar.y + bar.height - drawing.base) <= 0.15
            assert bool(bar.height) == bool(bar.count)
        tall = sorted(drawing.bars, key=lambda bar: bar.count)
        assert [bar.height for bar in tall] == sorted(bar.height for bar in tall)
        assert all(drawing.left <= x <= drawing.width for x, _text, _anchor in drawing.labels)


@given(st.integers(0, 10**9))
def test_the_scale_is_round_and_reaches_the_largest(largest: int) -> None:
    ticks = scale(largest)
    assert ticks[0] == 0
    assert ticks[-1] >= largest
    assert 2 <= len(ticks) <= 6
    steps = {two - one for one, two in itertools.pairwise(ticks)}
    assert len(steps) == 1
    assert str(steps.pop()).strip("0") in {"1", "2", "25", "5", "3", "4"}


def test_an_empty_range_is_drawn_without_bars() -> None:
    drawn = chart({}, FIRST, FIRST + timedelta(days=29))
    assert (drawn.total, drawn.largest, len(drawn.bars)) == (0, None, 30)
