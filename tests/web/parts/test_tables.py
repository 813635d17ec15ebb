"""Lists keep their whole state in the address."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.paginator import Paginator
from django.template import Context
from django.test import RequestFactory

from planbank.web.parts import tables


def context(query: str = "", **more: Any) -> Context:
    return Context({"request": RequestFactory().get(f"/plans/?{query}"), **more})


@pytest.mark.parametrize(
    ("now", "first", "goes_to", "said"),
    [
        ("", "asc", "sort=patients", None),
        ("", "desc", "sort=-patients", None),
        ("sort=name", "asc", "sort=patients", None),
        ("sort=patients", "asc", "sort=-patients", "ascending"),
        ("sort=-patients", "asc", "sort=patients", "descending"),
        ("sort=-patients", "desc", "sort=patients", "descending"),
        ("sort=patients", "desc", "sort=-patients", "ascending"),
    ],
)
def test_a_column_head_turns_round(now: str, first: str, goes_to: str, said: str | None) -> None:
    markup = tables.sort_header(context(now), "patients", "Patients", "num", first)
    assert f'href="?{goes_to}"' in markup
    assert ("aria-sort" in markup) is (said is not None)
    assert said is None or f'aria-sort="{said}"' in markup


def test_sorting_keeps_the_filters_and_leaves_the_page() -> None:
    markup = tables.sort_header(context("q=a%26b&centre=OUH&centre=RH&page=4"), "name", "Name")
    assert 'href="?q=a%26b&amp;centre=OUH&amp;centre=RH&amp;sort=name"' in markup


def test_the_sorting_that_the_view_begins_with_is_shown() -> None:
    assert 'aria-sort="descending"' in tables.sort_header(context(sort="-patients"), "patients", "Patients")


def test_what_the_address_holds_cannot_leave_the_attribute() -> None:
    markup = tables.sort_header(context('q="><script>'), "name", "Name")
    assert "<script" not in markup


def test_the_pager_says_where_we_are_and_keeps_the_filters() -> None:
    page = Paginator(range(178), 27).page(2)
    said = tables.pager(context("q=x&page=2"), page, csv=True)
    assert said["where"] == "Rows 28 to 54 of 178"
    assert said["previous_url"] == "?q=x&page=1"
    assert said["next_url"] == "?q=x&page=3"
    assert said["csv_url"] == "?q=x&format=csv"
    assert said["csv_words"] == "CSV of these 178 rows"


def test_the_pager_of_an_empty_list_leads_nowhere() -> None:
    said = tables.pager(context(), Paginator([], 27).page(1), csv=True)
    assert (said["where"], said["previous_url"], said["next_url"], said["csv_url"]) == ("No rows", "", "", "")


def test_the_csv_holds_exactly_the_filtered_rows() -> None:
    markup = tables.csv_link(context("q=x&page=3&after=77"), 1)
    assert 'href="?q=x&amp;format=csv"' in markup
    assert "CSV of this row" in markup


@pytest.mark.parametrize(
    ("found", "state", "spoken"),
    [(1, "", "found once"), (2, "warn", "found 2 times"), (0, "bad", "not found")],
)
def test_a_matrix_cell_speaks_in_words(found: int, state: str, spoken: str) -> None:
    markup = tables.matrix_cell(found, "P-44HQT, ctv1", "/x/")
    assert f'class="mark {state}"' in markup
    assert f"P-44HQT, ctv1: {spoken}" in markup


def test_the_cell_that_the_panel_speaks_of_is_marked() -> None:
    assert 'aria-current="true"' in tables.matrix_cell(0, "P-44HQT, body", "/x/", shown=True)
