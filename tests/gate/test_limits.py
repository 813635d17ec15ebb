"""Limits: what can be changed, and what cannot."""

from __future__ import annotations

from dataclasses import fields

import pytest

from planbank.errors import SettingsError
from planbank.gate.limits import Limits


def test_each_limit_can_be_changed_alone() -> None:
    for field in fields(Limits):
        changed = Limits().replaced({field.name: 5000})
        assert getattr(changed, field.name) == 5000
        assert sum(getattr(changed, f.name) != getattr(Limits(), f.name) for f in fields(Limits)) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("no_such_limit", 1),
        ("connections", 0),
        ("connections", -1),
        ("connections", 1.5),
        ("connections", True),
        ("connections", "12"),
        ("idle_seconds", None),
        ("idle_seconds", float("nan")),
        ("max_pdu", 4095),
        ("max_pdu", 1 << 25),
    ],
)
def test_a_value_that_cannot_be_is_named(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"limits.{name}"):
        Limits().replaced({name: value})
