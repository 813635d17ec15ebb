"""What nobody drew: of which ROIs it is made, and why it cannot be (model.md, Derived structures)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from planbank.naming.cells import Cell, Named, Reading
from planbank.naming.recipes import Recipe, Recipes

TYPES = [
    SimpleNamespace(pk=pk, name=name, expression=expression)
    for pk, name, expression in (
        (1, "Lung_L", ""),
        (2, "Lung_R", ""),
        (3, "PTV", ""),
        (4, "Lungs", "Lung_L + Lung_R"),
        (5, "Same side", "ipsi(Lung)"),
        (6, "Odd", "Lung_L + Liver"),
        (7, "No pair", "contra(PTV)"),
    )
]
LEFT, RIGHT, ONE, TWO = Named(1, "Lunge V"), Named(2, "Lunge H"), Named(3, "PTV a"), Named(4, "PTV b")


def recipes(*cells: tuple[int, Cell], side: str = "") -> dict[int, Recipe]:
    return Recipes(TYPES).of(Reading(dict(cells)), side)  # type: ignore[arg-type]


BOTH = ((1, Cell((LEFT,))), (2, Cell((RIGHT,))))


def test_its_parts_by_name_of_their_type() -> None:
    found = recipes(*BOTH)[4]
    assert found.can_be_made and found.numbered == [("Lung_L", [1]), ("Lung_R", [2])]
    assert found.names(lambda roi: roi.name) == "Lunge V + Lunge H"


def test_what_is_missing_or_there_twice_is_told_and_never_guessed() -> None:
    found = recipes((1, Cell((LEFT, RIGHT))))[4]
    assert (found.missing, found.several, found.can_be_made) == (("Lung_R",), ("Lung_L",), False)
    assert "Liver" in recipes(*BOTH)[6].wrong
    assert "PTV" in recipes(*BOTH)[7].wrong


def test_r64_several_that_are_one_structure_together() -> None:
    found = recipes((3, Cell((ONE, TWO), is_union=True)))
    assert found[3].is_union and found[3].numbered == [("PTV", [3, 4])]
    assert 3 not in recipes((3, Cell((ONE, TWO))))
    assert 3 not in recipes((3, Cell((ONE,), is_union=True))), "one alone is itself"


@pytest.mark.parametrize(("side", "parts"), [("left", 2), ("", 3)])
def test_the_treated_side_or_the_target_to_tell_it_by(side: str, parts: int) -> None:
    found = recipes(*BOTH, (3, Cell((ONE,))), side=side)[5]
    assert found.can_be_made and (len(found.parts), found.side) == (parts, side)


def test_where_both_sides_are_treated_none_is_the_other() -> None:
    assert recipes(*BOTH, side="both")[5].wrong


def test_a_formula_is_of_numbers_parts_and_side_not_of_names_as_sent() -> None:
    renamed = ((1, Cell((Named(1, "Lung sin"),))), (2, Cell((RIGHT,))))
    assert recipes(*BOTH)[4].formula == recipes(*renamed)[4].formula
    assert recipes(*BOTH)[4].formula != recipes((1, Cell((RIGHT,))), (2, Cell((LEFT,))))[4].formula
    assert recipes(*BOTH, side="left")[5].formula != recipes(*BOTH, side="right")[5].formula
