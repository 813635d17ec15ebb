"""One row that an address can name, for the doors of the site."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Example:
    """One row that an address can name: its number, and who may come to it besides the action.

    `row`: who sees that row of the oracle; `who`: staff of that institution, or that role, alone;
    `within`: it stands in that protocol or institution only; `mine`: it is that person's own. `more`:
    what else its address says.
    """

    number: Any
    row: str = ""
    who: str = ""
    within: str = ""
    mine: str = ""
    more: dict[str, Any] = field(default_factory=dict)
