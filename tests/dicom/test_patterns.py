"""`*` and `?`, everything else literal, in linear time (R56, R61, R209)."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.dicom.patterns import Pattern, normal


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("?pinal cord*", "Spinal Cord", True),
        ("?pinal cord*", "Spinal cord PRV", True),
        ("?pinal cord*", "pinal cord", False),
        ("CTV*", "CTV", True),
        ("CTV*", "xCTV", False),
        ("*cord", "Spinal_cord", True),
        ("a*b*c", "aXXbYYc", True),
        ("a*b*c", "acb", False),
        ("ab*ba", "aba", False),
        ("??", "ab", True),
        ("??", "abc", False),
        ("*", "", True),
        ("100%_'\\[a-z].+", "100%_'\\[A-Z].+", True),
        ("[a-z]", "b", False),
        ("Hjernestamme", " hjernestamme\u00a0", True),
        ("Rygmarv å", "rygmarv a\u030a", True),
        ("**", "x", True),
        ("*?*?*", "a", False),
        ("*?*?*", "ab", True),
    ],
)
def test_cases(pattern: str, name: str, fits: bool) -> None:
    assert Pattern(pattern).matches(name) is fits


def test_a_protocol_may_mind_case() -> None:
    assert not Pattern("body", case_sensitive=True).matches("Body")


@pytest.mark.parametrize("text", ["", "  ", "x" * 257])
def test_what_is_no_pattern(text: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        Pattern(text)


@given(st.text("ab*?", min_size=1, max_size=12), st.text("ab", max_size=14))
def test_it_means_what_a_regular_expression_would(pattern: str, name: str) -> None:
    written = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)
    assert Pattern(pattern).matches(name) == bool(re.fullmatch(written, name))


@given(st.text(min_size=1, max_size=30).filter(lambda t: normal(t) and "*" not in t and "?" not in t))
def test_a_name_matches_itself_and_its_decomposed_form(name: str) -> None:
    assert Pattern(name).matches(name)
    assert Pattern(name).matches(unicodedata.normalize("NFD", name))
    assert Pattern(name).is_literal


def test_many_stars_cost_no_more_than_the_name_is_long() -> None:
    """An exponential matcher would not end within the life of the machine."""
    pattern = Pattern("*a" * 60 + "b")
    assert not pattern.matches("a" * 20_000)
