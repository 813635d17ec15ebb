"""Which triggers fire and which nearly would (R84, R85, R96)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.services.trigger.matching import Rule, SeenRoi, edits, is_near, match

PROTON = Rule(1, "DBCG_PROTON")


def told(*rois: tuple[str, bool], rules: tuple[Rule, ...] = (PROTON,)) -> list[tuple[int, str, str]]:
    found = match(rules, [SeenRoi(name, empty) for name, empty in rois], [])
    return [(one.rule, one.what, one.about) for one in found]


@pytest.mark.parametrize("name", ["DBCG_PROTON", " dbcg_proton\u00a0", "Dbcg_Proton"])
def test_an_empty_roi_of_the_name_fires(name: str) -> None:
    assert told(("Heart", False), (name, True)) == [(1, "fires", name)]


def test_contours_in_it_do_not_fire() -> None:
    assert told(("DBCG_PROTON", False)) == [(1, "has contours", "DBCG_PROTON")]


def test_one_empty_and_one_drawn_of_the_same_name_fire() -> None:
    assert told(("DBCG_PROTON", False), ("dbcg_proton", True))[0][1] == "fires"


@pytest.mark.parametrize("name", ["DBCG_PROTN", "DBCG_Protn", "DBCG-PROTON", "DBCGPROTON", "DCBG_PROTON"])
def test_a_slip_is_asked_about(name: str) -> None:
    assert told((name, True)) == [(1, "near miss", name)]


@pytest.mark.parametrize("name", ["DBCG_SKAGEN", "Heart", "", "PROTON"])
def test_other_names_are_not(name: str) -> None:
    assert told((name, True)) == []


def test_a_drawn_roi_is_no_near_miss_and_another_trigger_s_name_neither() -> None:
    assert told(("DBCG_PROTN", False)) == []
    rules = (Rule(1, "DAHANCA_35"), Rule(2, "DAHANCA_36"))
    assert told(("DAHANCA_36", True), rules=rules) == [(2, "fires", "DAHANCA_36")]


def test_short_names_allow_one_slip_and_shorter_ones_none() -> None:
    assert is_near("skagn", "skagen") and not is_near("skan", "skagen")
    assert not is_near("hyb", "hyp")


def slow(a: str, b: str) -> int:
    """Optimal string alignment by its definition."""
    grid = [[i + j if i * j == 0 else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            grid[i][j] = min(
                grid[i - 1][j] + 1, grid[i][j - 1] + 1, grid[i - 1][j - 1] + (a[i - 1] != b[j - 1])
            )
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                grid[i][j] = min(grid[i][j], grid[i - 2][j - 2] + 1)
    return grid[-1][-1]


@given(st.text("abc", max_size=8), st.text("abc", max_size=8), st.integers(1, 3))
def test_edits_are_counted_as_far_as_asked(a: str, b: str, most: int) -> None:
    assert edits(a, b, most) == min(slow(a, b), most + 1)
