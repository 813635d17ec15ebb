"""What a trigger can do: one file an action, found by itself.

An action is a frozen dataclass of its parameters with `title` and `run`; the form is made of its
fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from planbank.services.trigger.actions.action import Action, Told

ACTIONS: Mapping[str, type[Action]] = {
    module.name: import_module(f"{__name__}.{module.name}").ACTION
    for module in iter_modules(__path__)
    if module.name != "action"
}

__all__ = ["ACTIONS", "Action", "Told"]
