"""Which structure type a name most likely means (R154)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.naming.suggest.rank import Why, candidate, contradicts_side, rank

TYPES = [
    *("Spinal Cord", "Spinal Cord PRV", "Brainstem", "Parotid_L", "Parotid_R", "Submandibular L"),
    *("body", "ctv1", "ctv2", "gtv_t", "gtv_n", "Heart", "Lung_L", "Lung_R"),
]
CANDIDATES = [candidate(n, name) for n, name in enumerate(TYPES)]


def _first(name: str) -> str:
    found = rank(name, CANDIDATES)
    return TYPES[found[0].type] if found else ""


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Medulla", "Spinal Cord"),
        ("Hjernestamme", "Brainstem"),
        ("Parotis Dxt", "Parotid_R"),
        ("Subman Sin", "Submandibular L"),
        ("PRV_Medulla", "Spinal Cord PRV"),
        ("Opstregning", "body"),
        ("CTV1_66Gy", "ctv1"),
        ("GTV-T", "gtv_t"),
        ("Hjerte", "Heart"),
        ("Couch", ""),
        ("", ""),
    ],
)
def test_the_names_of_figure_6_and_their_like(name: str, meant: str) -> None:
    assert _first(name) == meant


def test_a_rule_accepted_elsewhere_comes_first() -> None:
    found = rank("XYZ", CANDIDATES, {"xyz": 5})
    assert (found[0].type, found[0].why) == (5, Why.LEARNED)


def test_swapped_sides_are_seen() -> None:
    assert contradicts_side("Parotis sin", "Parotid_R")
    assert not contradicts_side("Parotis", "Parotid_R")


@given(st.text(max_size=40))
def test_scores_fall_and_stay_within_bounds(name: str) -> None:
    scores = [one.score for one in rank(name, CANDIDATES)]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


@given(st.sampled_from(TYPES), st.sampled_from(["{}", " {} ", "{}_1", "{}-old"]))
def test_a_types_own_name_means_it(name: str, shape: str) -> None:
    found = rank(shape.format(name.upper()), CANDIDATES)
    assert TYPES[found[0].type] == name
