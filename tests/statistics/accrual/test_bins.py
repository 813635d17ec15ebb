"""Bins over time, joined where they are small, and the line through them (R125, R126, R51)."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from planbank.statistics.accrual.bins import LEAST, Began, bins_of, fit_of, mean_per_year

TODAY = date(2026, 6, 30)
DAYS = st.dates(date(2008, 1, 1), TODAY)
PEOPLE = st.lists(
    st.builds(Began, DAYS, st.booleans(), st.frozensets(st.sampled_from("ABC"), max_size=2)), max_size=60
)


def test_years_from_the_first_patient_to_today() -> None:
    found = bins_of([Began(date(2010, 5, 1)), Began(date(2012, 1, 1), is_abroad=True)], TODAY)
    assert (found[0].since, found[-1].until) == (date(2010, 1, 1), date(2026, 12, 31))
    assert [(one.count, one.abroad, one.upto) for one in found[:3]] == [(1, 0, 1), (0, 0, 1), (1, 1, 2)]


def test_a_short_time_is_told_by_month() -> None:
    found = bins_of([Began(date(2025, 2, 11))], TODAY)
    assert (found[0].since, found[0].until, len(found)) == (date(2025, 2, 1), date(2025, 2, 28), 17)


def test_r126_a_steady_bank_has_a_straight_line() -> None:
    steady = [Began(date(year, month, 1)) for year in range(2009, 2026) for month in range(1, 13)]
    found = bins_of([Began(date(2008, 7, 1)), *steady], TODAY)
    line = fit_of(found, TODAY)
    assert line is not None
    assert line.per_year == pytest.approx(12, rel=0.01)
    assert line.r_squared > 0.999
    assert mean_per_year(found, TODAY) == pytest.approx(12, rel=0.001)


def test_nobody_has_no_mean_and_no_line() -> None:
    assert bins_of([], TODAY) == []
    assert mean_per_year([], TODAY) is None
    assert fit_of(bins_of([Began(TODAY)], TODAY), TODAY) is None


@settings(max_examples=60)
@given(PEOPLE)
def test_nobody_is_lost(people: list[Began]) -> None:
    found = bins_of(people, TODAY)
    assert sum(one.count for one in found) == len(people)
    assert all(a.until + timedelta(days=1) == b.since for a, b in itertools.pairwise(found))
    if found:
        assert found[-1].upto == len(people)


def _years(*groups: tuple[int, str, int]) -> list[Began]:
    return [
        Began(date(year, 5, 1), groups=frozenset(of)) for year, of, count in groups for _one in range(count)
    ]


@settings(max_examples=60)
@given(PEOPLE)
@example(_years((2010, "A", 5), (2024, "", 3), (2024, "B", 2)))
@example(_years((2010, "A", 5), (2014, "B", 5), (2024, "", 3), (2024, "B", 2)))
def test_r51_no_bin_tells_of_few_of_any_group(people: list[Began]) -> None:
    for one in bins_of(people, TODAY, LEAST):
        inside = [p for p in people if one.since <= p.day <= one.until]
        assert len(inside) == one.count
        for group in "ABC":
            assert sum(group in p.groups for p in inside) not in range(1, LEAST)
        assert one.abroad not in range(1, LEAST)
        assert one.home not in range(1, LEAST)
