"""Pseudonyms: the same for the same, unrelated between protocols and keys (model.md, Keys; security.md)."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from planbank.protocols.pseudonym import pseudonym

KEY, OTHER_KEY = bytes(32), bytes(31) + b"\x01"
BRAIN, HEART = UUID(int=1), UUID(int=2)
ANNA = ("CPR", "", "0101501234")


def test_a_known_value_so_that_it_never_changes_by_mistake() -> None:
    assert pseudonym(KEY, BRAIN, ANNA) == "BP5MZ-B1J25"


def test_key_protocol_identity_and_turn_each_make_another() -> None:
    made = {
        pseudonym(KEY, BRAIN, ANNA),
        pseudonym(OTHER_KEY, BRAIN, ANNA),
        pseudonym(KEY, HEART, ANNA),
        pseudonym(KEY, BRAIN, ("CPR", "", "0101501235")),
        pseudonym(KEY, BRAIN, ("CP", "R", "0101501234")),
        pseudonym(KEY, BRAIN, ANNA, 1),
    }
    assert len(made) == 6


@given(st.tuples(st.text(max_size=8), st.text(max_size=8), st.text(max_size=12)))
def test_it_can_be_read_out_and_holds_nothing_of_the_number(identity: tuple[str, str, str]) -> None:
    name = pseudonym(KEY, BRAIN, identity)
    assert len(name) == 11 and name[5] == "-"
    assert not set(name) & set("ILOU")
