"""One line of a receipt, and what lines are made from.

A file beside this one is one kind of line, found by itself: `lines(about)` gives what is to be said
now, `say(code, params)` puts its codes into words. What comes later in the bank (names without a rule,
dose limits) adds its file and nothing else changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from planbank.catalogue.models import PlanSet
from planbank.catalogue.queries.one_plan_set import Parts
from planbank.house import House

State = Literal["bad", "warn", "info", "ok"]
ORDER: Mapping[str, int] = {"bad": 0, "warn": 1, "info": 2, "ok": 3}


@dataclass(frozen=True)
class About:
    """A plan set with its parts. `quiet`: nothing more is awaited."""

    house: House
    plan_set: PlanSet
    parts: Parts
    now: datetime
    quiet: bool


@dataclass(frozen=True)
class Line:
    """`code` and `params` say it; `about` names a beam, ROI or attribute as it was sent.

    `tell`: worth a mail by itself though nothing is wrong (a plan set passed on).
    """

    state: State
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""
    tell: bool = False

    @property
    def key(self) -> str:
        """What is told once."""
        return f"{self.code} {self.about}".strip()

    @property
    def needs_somebody(self) -> bool:
        return self.state in ("bad", "warn")


@dataclass(frozen=True)
class Said:
    """A line in the reader's language."""

    title: str
    text: str = ""
