"""A last day counts whole, at the institution, whatever the clocks do (R48)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from planbank.people.models import Institution
from planbank.people.zones import end_of, last_day, today, validate_zone, zones

PLACES = st.sampled_from(["", "Europe/Copenhagen", "Pacific/Auckland", "America/New_York", "Asia/Kathmandu"])
DAYS = st.dates(date(2000, 1, 1), date(2060, 1, 1))


def at(place: str) -> Institution:
    return Institution(code="X", time_zone=place)


@given(DAYS, PLACES)
def test_the_last_day_is_whole_and_nothing_of_the_next(day: date, place: str) -> None:
    end = end_of(day, at(place))
    assert last_day(end, at(place)) == day
    assert today(end - timedelta(microseconds=1), at(place)) == day
    assert today(end, at(place)) == day + timedelta(days=1)


@given(DAYS, PLACES)
def test_days_follow_each_other_without_a_gap(day: date, place: str) -> None:
    span = end_of(day + timedelta(days=1), at(place)) - end_of(day, at(place))
    assert timedelta(hours=23) <= span <= timedelta(hours=25)


def test_midnight_is_the_institutions() -> None:
    day = date(2027, 1, 31)
    assert end_of(day, at("Europe/Copenhagen")) == datetime(2027, 1, 31, 23, tzinfo=UTC)
    assert end_of(day, at("Pacific/Auckland")) == datetime(2027, 1, 31, 11, tzinfo=UTC)
    assert end_of(day, at("America/New_York")) == datetime(2027, 2, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize("name", ["", "Nowhere/Land", "../etc/passwd", "/etc/passwd", "a" * 300])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        validate_zone(name)


def test_what_is_offered_can_be_used() -> None:
    assert "Europe/Copenhagen" in zones()
    for name in zones():
        validate_zone(name)
