"""What a change of the dictionary would do, before it is saved (R67)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from planbank.dicom.patterns import Pattern
from planbank.naming.book import Book, Rule
from planbank.naming.cells import Named
from planbank.naming.preview import Sheet, What, compare, narrower, with_rule

CORD, PRV = 1, 2
OUH, RH = 11, 12
BOOK = Book([Rule(1, "Medulla", CORD), Rule(2, "Spinal cord PRV", PRV)])
SHEETS = [
    Sheet(100, OUH, (Named(1, "Medulla"), Named(2, "Spinal cord 5mm"))),
    Sheet(101, OUH, (Named(1, "Spinal cord"),)),
    Sheet(102, RH, (Named(1, "spinal cord"), Named(2, "Spinal cord PRV"))),
]
WIDE = Rule(0, "?pinal cord*", CORD)


def test_what_is_matched_doubled_and_left_alone() -> None:
    found = compare(SHEETS, BOOK, with_rule(BOOK, WIDE), [Pattern(WIDE.entry)])
    assert (found.total(What.NEW), found.names(What.NEW), found.tried) == (3, 3, 5)
    assert found.doubled == {100}
    assert found.by_institution() == {OUH: (2, 1), RH: (1, 0)}
    stays = [(effect.name, effect.after.type) for effect in found.effects if effect.what is What.STAYS]
    assert stays == [("Spinal cord PRV", PRV)]
    assert not found.is_safe


def test_a_narrower_rule_is_found_that_doubles_nothing() -> None:
    better = narrower(SHEETS, BOOK, WIDE)
    assert better is not None
    rule, found = better
    assert rule.entry == "?pinal cord"
    assert (found.total(What.NEW), found.doubled) == (2, frozenset())


def test_a_change_tells_what_is_moved_lost_and_in_conflict() -> None:
    moved = compare(SHEETS, BOOK, with_rule(BOOK, Rule(1, "Medulla", PRV), instead_of=1))
    assert moved.total(What.MOVED) == 1
    assert compare(SHEETS, BOOK, Book([Rule(1, "Medulla", CORD)])).total(What.LOST) == 1
    torn = compare(SHEETS, BOOK, with_rule(BOOK, Rule(9, "Medulla", PRV)))
    assert torn.total(What.CONFLICT) == 1


NAMES = st.sampled_from(["Medulla", "Spinal cord", "Spinal cord PRV", "x"])
RANDOM = st.lists(
    st.builds(
        lambda pk, names: Sheet(pk, OUH if pk % 2 else RH, tuple(Named(n, x) for n, x in enumerate(names))),
        st.integers(1, 9),
        st.lists(NAMES, max_size=5),
    ),
    max_size=6,
)


@given(RANDOM)
def test_a_change_and_its_undoing_balance(sheets: list[Sheet]) -> None:
    after = with_rule(BOOK, WIDE)
    there, back = compare(sheets, BOOK, after), compare(sheets, after, BOOK)
    assert there.total(What.NEW) == back.total(What.LOST)
    assert back.doubled == frozenset()
