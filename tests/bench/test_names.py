"""Names are kept apart as bench.names says: none is looked up, and halves never change (R154)."""

from __future__ import annotations

from bench.names.__main__ import HALVES, half_of, scored, unseen
from planbank.naming.suggest.rank import candidate


def test_names_that_a_table_holds_are_left_out() -> None:
    assert unseen([("SpinalCord", "SpinalCord"), ("Medulla", "SpinalCord"), ("Ryg marv", "SpinalCord")]) == [
        ("Ryg marv", "SpinalCord")
    ]


def test_halves_are_the_same_for_ever() -> None:
    assert {half_of(f"name {n}") for n in range(20)} == set(HALVES)
    assert half_of("Ryg marv") == half_of("Ryg marv")


def test_nothing_suggested_counts_as_wrong() -> None:
    types = [candidate(0, "Heart"), candidate(1, "Lung_L")]
    found = scored([("Hjertet", "Heart"), ("Bord", "Heart"), ("Ve lunge", "Lung_L")], types)
    assert (found.names, found.first, found.five) == (3, 2, 2)
