"""Roles are the columns of security.md's table, cell by cell; no action is left out (R46, R47)."""

from __future__ import annotations

import pytest

from planbank.access.actions import ACTIONS
from planbank.access.models.grant import ScopeKind
from planbank.access.roles import EVERYBODY, ROLES, SINGLE
from tests.access.security_table import BESIDES, COLUMNS, ROWS, WORDS

CELLS = [
    (action, column, words)
    for actions, cells in ROWS.values()
    for action in actions
    for column, words in zip(COLUMNS, cells, strict=True)
]


@pytest.mark.parametrize(("action", "column", "words"), CELLS)
def test_each_cell_of_the_table_is_what_the_role_gives(action: str, column: str, words: str) -> None:
    given = ROLES[column].actions.get(action)
    assert (given.value if given else None) == WORDS[words]


def test_every_action_stands_in_the_table_or_is_said_besides() -> None:
    in_table = {action for actions, _cells in ROWS.values() for action in actions}
    assert in_table | set(BESIDES) == set(ACTIONS)
    assert not in_table & set(BESIDES)


@pytest.mark.parametrize("action", sorted(BESIDES))
def test_what_the_table_leaves_out_is_given_to_those_said(action: str) -> None:
    given = {name for name, role in ROLES.items() if action in role.actions}
    if action in EVERYBODY:
        given.add("everybody")
    assert given == BESIDES[action]


def test_a_role_gives_only_what_is_declared() -> None:
    for role in ROLES.values():
        assert set(role.actions) <= set(ACTIONS), role.name
        assert set(role.scopes) <= set(ScopeKind.values), role.name
        assert set(role.given_by) <= set(ROLES), role.name
    assert set(ACTIONS) >= SINGLE


def test_there_is_no_role_beyond_the_table_but_the_people_of_an_institution() -> None:
    assert set(ROLES) == {*COLUMNS, "staff"}


def test_the_system_administrator_is_given_no_data() -> None:
    for name, action in ACTIONS.items():
        if action.scope == "data" or action.see or action.take_out:
            assert name not in ROLES["system-admin"].actions


def test_nobody_is_given_a_role_that_follows_from_an_account() -> None:
    for role in ROLES.values():
        assert bool(role.scopes) == bool(role.given_by), role.name
