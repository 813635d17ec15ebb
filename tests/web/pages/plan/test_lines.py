"""Lines of the plot: told apart without colour as far as dashes reach (look.md, DVH lines)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from planbank.catalogue.models import Roi
from planbank.web.pages.plan.lines import PTV_DASH, SOLID, group_of, in_order, lines_of


def roi(pk: int, name: str, kind: str = "", empty: bool = False) -> Roi:
    return Roi(pk=pk, number=pk, name=name, type=kind, is_empty=empty)


@pytest.mark.parametrize(
    ("name", "kind", "group"),
    [
        ("PTV", "PTV", "target"),
        ("anything", "GTV", "target"),
        ("ptv_bryst", "", "target"),
        ("CTVn", "ORGAN", "target"),
        ("_ITV", "", "target"),
        ("Heart", "ORGAN", "organ"),
        ("Heart", "", "organ"),
        ("Breast-PTV", "", "organ"),
        ("BODY", "EXTERNAL", "external"),
        ("Couch", "SUPPORT", "other"),
        ("Iso", "ISOCENTER", "other"),
    ],
)
def test_groups(name: str, kind: str, group: str) -> None:
    assert group_of(roi(1, name, kind)) == group
    assert group_of(roi(1, name, kind, empty=True)) == "empty"


def test_targets_come_first_then_organs_the_outline_the_rest_the_empty_ones() -> None:
    rois = [
        roi(1, "BODY", "EXTERNAL"),
        roi(2, "Couch", "SUPPORT"),
        roi(3, "LAD", "ORGAN", empty=True),
        roi(4, "Heart", "ORGAN"),
        roi(5, "PTV", "PTV"),
    ]
    assert [r.number for r in in_order(rois)] == [5, 4, 1, 2, 3]


def test_a_target_is_solid_and_its_ptv_dashed() -> None:
    lines = lines_of([roi(1, "CTV", "CTV"), roi(2, "PTV", "PTV"), roi(3, "ptv2"), roi(4, "Heart")])
    assert [lines[n].dash for n in (1, 2, 3)] == [SOLID, PTV_DASH, PTV_DASH]
    assert [lines[n].width for n in (1, 4)] == [2.4, 1.8]
    assert lines[4].dash not in (SOLID, PTV_DASH)


def test_no_two_lines_look_alike_within_24_organs_and_12_targets() -> None:
    targets = [roi(n, f"T{n}", "CTV" if n % 2 else "PTV") for n in range(6)]
    organs = [roi(100 + n, f"O{n}", "ORGAN") for n in range(24)]
    lines = lines_of([*targets, *organs])
    looks = {(line.colour, line.dash) for line in lines.values()}
    assert len(looks) == 30


def test_neighbours_differ_in_dash_and_in_colour() -> None:
    lines = list(lines_of([roi(n, f"O{n}", "ORGAN") for n in range(12)]).values())
    for one, other in pairwise(lines):
        assert one.colour != other.colour
    for first in range(0, 12, 4):
        assert len({line.dash for line in lines[first : first + 4]}) == 4


def test_dots_have_round_ends() -> None:
    lines = lines_of([roi(n, f"O{n}", "ORGAN") for n in range(4)])
    assert {line.cap for line in lines.values() if line.dash == "1 3"} == {"round"}
