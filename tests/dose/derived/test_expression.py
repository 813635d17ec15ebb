"""Expressions as people type them, and errors that say what would be right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.dose.derived.expression import (
    Both,
    Name,
    Side,
    leaves,
    parse,
    split_definition,
    table_of,
)
from planbank.errors import ExpressionError

NAMES = ["Lung_L", "Lung_R", "Lungs", "GTV", "GTV p", "PTV-GTV", "PTV", "CTV (68)", "Heart", "heart2", "#3"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Lungs", Name("Lungs")),
        ("Lungs - GTV", Both("-", Name("Lungs"), Name("GTV"))),
        ("Lungs-GTV", Both("-", Name("Lungs"), Name("GTV"))),
        ("Lung_L + Lung_R", Both("+", Name("Lung_L"), Name("Lung_R"))),
        ("Lungs - GTV p", Both("-", Name("Lungs"), Name("GTV p"))),
        ("PTV-GTV", Name("PTV-GTV")),
        ("PTV - GTV", Both("-", Name("PTV"), Name("GTV"))),
        ("'PTV'-GTV", Both("-", Name("PTV"), Name("GTV"))),
        ('"CTV (68)" & PTV', Both("&", Name("CTV (68)"), Name("PTV"))),
        ("CTV (68) & PTV", Both("&", Name("CTV (68)"), Name("PTV"))),
        ("lungs - gtv", Both("-", Name("Lungs"), Name("GTV"))),
        ("Lungs - GTV - PTV", Both("-", Both("-", Name("Lungs"), Name("GTV")), Name("PTV"))),
        ("Lungs - (GTV | PTV)", Both("-", Name("Lungs"), Both("|", Name("GTV"), Name("PTV")))),
        ("Lungs + GTV & PTV", Both("+", Name("Lungs"), Both("&", Name("GTV"), Name("PTV")))),
        ("ipsi(Lung) - GTV", Both("-", Side("ipsi", "Lung"), Name("GTV"))),
        ("contra( 'Lung' )", Side("contra", "Lung")),
        ("union(GTV, PTV, Heart)", Both("+", Both("+", Name("GTV"), Name("PTV")), Name("Heart"))),
        ("minus(PTV, GTV)", Both("-", Name("PTV"), Name("GTV"))),
        ("#3 & GTV", Both("&", Name("#3"), Name("GTV"))),
    ],
)
def test_what_is_meant(typed: str, expected: object) -> None:
    assert parse(typed, NAMES) == expected


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("Lungz - GTV", "There is no structure 'Lungz'. There is 'Lungs'"),
        ("Lungs -", "A structure is missing at the end"),
        ("- GTV", "A structure is missing before '- GTV'"),
        ("", "A structure is missing at the end"),
        ("(Lungs - GTV", r"A '\)' is missing"),
        ("Lungs GTV", "There is no structure 'Lungs GTV'|left over"),
        ("Lungs - GTV)", "left over"),
        ("'Lungs - GTV", "closing '"),
        ("union(GTV)", "two structures or more"),
        ("ipsi(Lung", r"A '\)' is missing"),
        ("(" * 60 + "GTV", "nested more than"),
        (" + ".join(["GTV"] * 200), "more than 100 operators"),
        ("HEART2", ""),
    ],
)
def test_errors_say_what_would_be_right(typed: str, says: str) -> None:
    if not says:
        assert parse(typed, NAMES) == Name("heart2")
        return
    with pytest.raises(ExpressionError, match=says):
        parse(typed, NAMES)


def test_a_name_in_two_cases_is_asked_back() -> None:
    with pytest.raises(ExpressionError, match="may be any of 'Ptv', 'ptv'"):
        parse("PTV", ["Ptv", "ptv"])
    assert parse("ptv", ["Ptv", "ptv"]) == Name("ptv")


def test_definitions() -> None:
    assert split_definition("Lungs less GTV = Lungs - GTV") == ("Lungs less GTV", "Lungs - GTV")
    for wrong in ("Lungs - GTV", "= Lungs", "Lungs ="):
        with pytest.raises(ExpressionError, match="no definition"):
            split_definition(wrong)


def test_the_table_is_the_rule() -> None:
    expression = parse("Lungs - GTV + Lungs & PTV", NAMES)
    operands = leaves(expression)
    assert operands == [Name("Lungs"), Name("GTV"), Name("PTV")]
    table = table_of(expression, operands)
    for mask in range(8):
        lungs, gtv, ptv = (bool(mask >> k & 1) for k in range(3))
        assert table[mask] == ((lungs and not gtv) or (lungs and ptv))


@given(st.text("ABLungs_-+|&(),'\"# =\\0é", max_size=60))
def test_nothing_typed_ends_otherwise_than_in_a_rule_or_an_error(typed: str) -> None:
    try:
        expression = parse(typed, ["A", "B", "Lungs", "A-B", "é"])
    except ExpressionError as exc:
        assert str(exc)
    else:
        assert table_of(expression, leaves(expression)).any() in (True, False)
