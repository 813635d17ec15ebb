"""Marks: what comes from outside never becomes markup; every icon that is named exists."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.template import Context
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

import planbank.web
from planbank.house import FixedClock
from planbank.web.parts import marks

WEB = Path(planbank.web.__file__).parent
SPRITE = set(re.findall(r'id="([a-z-]+)"', (WEB / "static/img/icons.svg").read_text()))
NOW = datetime(2026, 11, 17, 8, 42, tzinfo=UTC)


class _Seen(HTMLParser):
    """What a reader gets: the elements and the text."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text())
def test_a_name_from_outside_stays_text(name: str) -> None:
    seen = _Seen(marks.mono(name))
    assert seen.elements == ["code", "bdi"]
    assert seen.text == "".join(c if c.isprintable() else "\ufffd" for c in name)


@given(st.text(alphabet="ab*?<&"))
def test_a_pattern_marks_its_wildcards_and_nothing_else(pattern: str) -> None:
    seen = _Seen(marks.mono(pattern, pattern=True))
    assert seen.elements == ["code", "bdi"] + ["span"] * sum(pattern.count(c) for c in "*?")
    assert seen.text == pattern


def test_a_name_that_says_it_is_safe_is_escaped_all_the_same() -> None:
    assert "<b>" not in marks.mono(mark_safe("<b>x</b>"), plain=True)


@pytest.mark.parametrize("make", [marks.badge, marks.word])
def test_a_state_is_an_icon_and_a_word(make: object) -> None:
    markup = make("warn", "<2 slices missing>")  # type: ignore[operator]
    assert "icons.svg#triangle" in markup
    assert _Seen(markup).text == "<2 slices missing>"


def test_cannot_tell_is_neither_well_nor_a_warning() -> None:
    assert marks.STATES["info"] not in (marks.STATES["ok"], marks.STATES["warn"])


def test_zero_is_faint_none_is_a_hyphen_and_a_number_leads_to_its_rows() -> None:
    assert marks.count(0, "/plans/") == '<span class="zero">0</span>'
    assert marks.count(None) == '<span class="zero">-</span>'
    assert marks.count(1049, "/plans/?a=1&b=2") == '<a href="/plans/?a=1&amp;b=2">1\u202f049</a>'


@pytest.mark.parametrize(
    ("part", "whole", "width"), [(92, 110, "83.6"), (5, 0, "0.0"), (7, 5, "100.0"), (-1, 5, "0.0")]
)
def test_a_bar_stays_within_its_track(part: float, whole: float, width: str) -> None:
    assert f'<rect width="{width}%"' in marks.bar(part, whole)


def test_a_level_fills_its_steps_and_says_the_word() -> None:
    markup = marks.level(3, "Identified")
    assert markup.count('<i class="on">') == 3
    assert markup.count("<i>") == 2
    assert _Seen(markup).text == "Identified"


def test_a_spark_of_no_month_is_drawn_all_the_same() -> None:
    assert "<rect" not in marks.spark([])
    assert marks.spark([0, 3, 9], "3 months: 0, 3, 9").count("<rect") == 3


def test_ages_follow_the_clock_of_the_house() -> None:
    house = SimpleNamespace(clock=FixedClock(NOW))
    context = Context({"request": SimpleNamespace(house=house)})
    markup = marks.age(context, NOW - timedelta(minutes=12))
    assert 'datetime="2026-11-17T08:30:00+00:00"' in markup
    assert _Seen(markup).text == "12 min"
    assert _Seen(marks.age(context, None)).text == "-"


def test_every_icon_that_a_page_names_is_in_the_sprite() -> None:
    named: set[str] = set(marks.STATES.values())
    for page in WEB.rglob("*.html"):
        text = page.read_text()
        named |= set(re.findall(r'{%\s*icon\s+"([a-z-]+)"', text))
        named |= set(re.findall(r'icon_name="([a-z-]+)"', text))
        named |= set(re.findall(r'icon_name\|default:"([a-z-]+)"', text))
    for source in WEB.rglob("*.py"):
        named |= set(re.findall(r'icon="([a-z-]+)"', source.read_text()))
    assert named >= {"check", "menu", "sign-out"}
    assert named <= SPRITE
