"""Where a grant stands (R49, R54)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from planbank.access.queries.states import state_of
from tests.protocols.rows import ProtocolRows

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("fields", "kind", "days"),
    [
        ({}, "active", 365),
        ({"until": 30 * DAY}, "lapses soon", 30),
        ({"until": 12 * DAY + timedelta(hours=3)}, "lapses soon", 12),
        ({"until": timedelta(seconds=1)}, "lapses soon", 0),
        ({"until": timedelta(0)}, "lapsed", 0),
        ({"since": 3 * DAY}, "not yet", 3),
        ({"confirmed_at": None}, "awaits a second person", 365),
        ({"confirmed_at": None, "until": -DAY, "since": -2 * DAY}, "lapsed", 0),
        ({"revoked_at": timedelta(0)}, "revoked", 0),
    ],
)
def test_states(rows: ProtocolRows, fields: dict[str, Any], kind: str, days: int) -> None:
    moved = {name: rows.at + span if isinstance(span, timedelta) else span for name, span in fields.items()}
    grant = rows.grant(rows.user("anna"), "reader", rows.protocol(), **moved)
    state = state_of(grant, rows.at)
    assert (state.kind, state.days) == (kind, days)
    in_force = type(grant).objects.in_force(rows.at).filter(pk=grant.pk).exists()
    assert state.holds == in_force, "the word agrees with the policy"
