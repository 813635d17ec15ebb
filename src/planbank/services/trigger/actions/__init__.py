"""What a trigger can do: one file an action, found by itself.

An action is a frozen dataclass of its parameters with `title` and `run`; the form is made of its
fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from planbank.services.trigger.actions.action import Action, Told

ACTIONS: Mapping[str, type[Action]] = {
    module.name: import_module(f"{__name__}.{module.name}").ACTION
    for module in iter_modules(__path__)
    if module.name != "action"
}


def made_of(entry: Mapping[str, Any]) -> Action:
    """An action as a trigger keeps it: its name and parameters; what it does not know is left out."""
    kind = ACTIONS[entry["action"]]
    known = {one.name for one in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in entry.items() if name in known})


__all__ = ["ACTIONS", "Action", "Told", "made_of"]
