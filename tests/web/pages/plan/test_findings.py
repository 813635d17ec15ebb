"""Findings on the page of a plan: gravest first, said once, closed ones apart."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from planbank.catalogue.models import Finding
from planbank.web.pages.plan.findings import link_findings, shown

AT = datetime(2026, 11, 17, 8, 30, tzinfo=UTC)


def finding(code: str, kind: str = "plan set", number: int = 1, **fields: Any) -> Finding:
    return Finding(code=code, subject_kind=kind, subject_id=number, opened_at=AT, source="link", **fields)


def test_the_gravest_is_first_and_counted() -> None:
    found = shown(
        [
            finding("images-by-frame"),
            finding("no-dose-received"),
            finding("contour-unreadable", about="Heart"),
        ],
        closed=False,
    )
    assert [item["state"] for item in found.items] == ["bad", "warn", "info"]
    assert found.worst == "bad"
    assert found.sub == "1 needs a fix, 1 to look at, 1 to know"
    assert all(item["word"] and item["title"] for item in found.items)


def test_what_many_objects_have_is_said_once_with_the_way_to_the_first() -> None:
    found = shown([finding("odd-uid", "instance", n) for n in (7, 5, 9)], closed=False)
    assert len(found.items) == 1
    assert "On 3 objects." in found.items[0]["title"]
    assert found.items[0]["actions"] == [{"url": "/instances/5/", "title": "See the first"}]


def test_a_finding_of_link_about_an_object_leads_there() -> None:
    found = shown(
        [finding("images-missing", about="object 12", params={"missing": 2, "of": 9})], closed=False
    )
    assert found.items[0]["actions"][0]["url"] == "/instances/12/"
    assert found.items[0]["title"].startswith("2 of 9 images")
    odd = shown([finding("images-missing", about="object <b>")], closed=False)
    assert odd.items[0]["actions"] == []


def test_closed_ones_are_counted_and_shown_when_asked_for() -> None:
    rows = [finding("no-dose-received", closed_at=AT), finding("images-by-frame")]
    found = shown(rows, closed=False)
    assert (len(found.items), found.closed, found.closed_items) == (1, 1, [])
    assert "no-dose-received" not in found.codes
    asked = shown(rows, closed=True)
    assert asked.closed_items[0]["title"] == "No dose received; the DVH waits for it."
    assert asked.closed_items[0]["text"] and not asked.closed_items[0]["todo"]


def test_nothing_odd() -> None:
    found = shown([], closed=True)
    assert (found.worst, found.sub, found.closed) == ("", "", 0)


def test_what_link_wants_looked_at() -> None:
    rows = [
        finding("no-dose-received"),
        finding("images-by-frame"),
        finding("odd-uid", "instance"),
        finding("plan-no-beams", "instance"),
    ]
    assert link_findings(rows) == ["no-dose-received"]
