"""Numbers, sizes and times in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from planbank.web.parts import words

NOW = datetime(2026, 11, 17, 8, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "decimals", "said"),
    [
        (0, None, "0"),
        (999, None, "999"),
        (1049, None, "1\u202f049"),
        (18867, None, "18\u202f867"),
        (-1234567, None, "-1\u202f234\u202f567"),
        (2.14, None, "2.14"),
        (1689.55, 1, "1\u202f689.5"),
        (99.96, 1, "100.0"),
        (None, None, "-"),
    ],
)
def test_numbers_are_grouped_by_thin_spaces(number: float | None, decimals: int | None, said: str) -> None:
    with translation.override("en"):
        assert words.thin(number, decimals) == said


def test_the_decimal_sign_is_a_comma_in_danish() -> None:
    with translation.override("da"):
        assert words.thin(1689.5, 1) == "1\u202f689,5"


@given(st.integers())
def test_a_grouped_number_is_the_same_number(number: int) -> None:
    assert int(words.thin(number).replace(words.THIN, "")) == number


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0\u202fB"),
        (999, "999\u202fB"),
        (1000, "1.0\u202fkB"),
        (124_600_000, "124.6\u202fMB"),
        (999_990_000, "1.0\u202fGB"),
        (3 * 10**18, "3\u202f000.0\u202fPB"),
        (None, "-"),
    ],
)
def test_sizes_have_decimal_units(number: int | None, said: str) -> None:
    with translation.override("en"):
        assert words.bytesize(number) == said


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (0.2, "under 1 s"),
        (11, "11 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (timedelta(hours=2, minutes=5, seconds=9), "2 h 5 min"),
        (timedelta(hours=3), "3 h"),
        (None, "-"),
    ],
)
def test_spans_are_said_in_two_units_at_most(span: timedelta | float | None, said: str) -> None:
    with translation.override("en"):
        assert words.lasting(span) == said


@pytest.mark.parametrize(
    ("past", "said", "ago"),
    [
        (timedelta(0), "now", "now"),
        (timedelta(seconds=59), "now", "now"),
        (timedelta(minutes=12), "12 min", "12 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min", "59 min ago"),
        (timedelta(hours=1), "1 h", "1 h ago"),
        (timedelta(hours=23, minutes=59), "23 h", "23 h ago"),
        (timedelta(days=1), "16 Nov", "16 Nov"),
        (timedelta(days=365), "17 Nov 2025", "17 Nov 2025"),
        (timedelta(seconds=-30), "now", "now"),
        (timedelta(days=-13), "30 Nov", "30 Nov"),
    ],
)
def test_ages_run_up_to_a_day_and_then_become_dates(past: timedelta, said: str, ago: str) -> None:
    with translation.override("en"):
        assert words.age(NOW - past, NOW) == said
        assert words.age(NOW - past, NOW, ago=True) == ago


def test_a_day_without_a_time_is_today_or_a_date() -> None:
    with translation.override("en"):
        assert words.age(date(2026, 11, 17), NOW) == "today"
        assert words.age(date(2026, 11, 14), NOW) == "14 Nov"


def test_the_full_time_is_that_of_the_site() -> None:
    from django.utils import timezone

    with translation.override("en"), timezone.override("Europe/Copenhagen"):
        assert words.full(NOW) == "17 November 2026, 09:42:00 CET"
        assert words.full(date(2026, 11, 14)) == "14 November 2026"


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1)))
def test_an_age_is_never_empty_and_never_negative(when: datetime) -> None:
    said = words.age(when.replace(tzinfo=UTC), NOW)
    assert said
    assert not said.startswith("-")


@pytest.mark.parametrize(
    ("name", "said"),
    [("Mette Holm", "MH"), ("Anna Maria van Dyk", "AD"), ("ada", "A"), ("", "?"), ("(OUH) !", "?")],
)
def test_initials(name: str, said: str) -> None:
    assert words.initials(name) == said
