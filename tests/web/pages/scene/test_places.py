"""Where findings are drawn (R102)."""

from __future__ import annotations

from typing import Any

import pytest

from planbank.web.pages.plan.findings import PLACED
from planbank.web.pages.scene.places import POINTS, placed

GRID = {
    "frame": "f0",
    "rows": 3,
    "columns": 5,
    "origin": [-10.0, -4.0, 100.0],
    "row": [1, 0, 0],
    "column": [0, 1, 0],
    "normal": [0, 0, -1],
    "spacing": [4.0, 5.0],
    "positions": [0.0, 3.0, 9.0],
}
IMAGE = {**GRID, "slices": [], "missing": [6.0]}
DOSE = {**GRID, "hottest": [1.0, 2.0, 97.0]}
BEAMS = [
    {"isocentre": [0.0, 0.0, 95.0], "frame": "f0"},
    {"isocentre": [0.0, 0.0, 120.0], "frame": "f0"},
    {"isocentre": [0.0, 0.0, 900.0], "frame": "f1"},
]


def finding(code: str, level: str = "warn") -> dict[str, Any]:
    return {"code": code, "level": level, "title": code, "words": "", "roi": None, "frame": "f0"}


@pytest.mark.parametrize(
    ("code", "point"),
    [
        ("images-incomplete", [0.0, 0.0, 94.0]),
        ("isocentre-beyond-images", [0.0, 0.0, 120.0]),
        ("dose-off-images", [0.0, 0.0, 96.0]),
        ("dose-far-from-prescription", [1.0, 2.0, 97.0]),
        ("types-missing", None),
    ],
)
def test_a_finding_is_where_its_objects_say(code: str, point: list[float] | None) -> None:
    (found,) = placed([finding(code)], [IMAGE, DOSE], BEAMS)
    assert found["point"] == point


def test_without_the_objects_it_has_no_place() -> None:
    codes = ("images-incomplete", "isocentre-beyond-images", "dose-off-images", "dose-per-fraction")
    assert [one["point"] for one in placed([finding(code) for code in codes], [], BEAMS)] == [None] * 4


def test_a_gap_stands_after_what_is_grave_and_before_the_rest() -> None:
    rois = [{"name": "PTV", "number": 4, "gaps": [[1.0, 2.0, 3.0], [1.0, 2.0, 9.0]]}]
    structures = {"frame": "f0", "rois": [*rois, {"name": "Cord", "number": 5, "gaps": []}]}
    found = placed([finding("a", "bad"), finding("b", "warn")], [structures], [])
    assert [(one["code"], one["roi"]) for one in found] == [("a", None), ("roi-gap", 4), ("b", None)]
    assert found[1]["title"] == "PTV: planes are missing within it"
    assert found[1]["point"] == [1.0, 2.0, 3.0]


def test_the_plan_page_offers_a_way_to_just_those() -> None:
    assert set(POINTS) == PLACED
